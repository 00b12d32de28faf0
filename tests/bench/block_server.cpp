// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/block_server.hpp"

#include <chrono>
#include <thread>

#include "base/io/unix_socket.hpp"

namespace bench {

base::Result<rig::Child> start(const Server& server, const std::filesystem::path& folder) {
  const auto log = folder / (server.name + ".log");
  auto child = rig::Child::start(server.command, log);
  if (!child) return child;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < end) {
    if (base::io::connect_unix(folder / server.name)) return child;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return base::fail("nobody listens at " + (folder / server.name).string() + ": " +
                    rig::tail(log, 3));
}

}  // namespace bench
