// SPDX-License-Identifier: GPL-2.0-or-later
// rig_call SOCKET SECONDS COMMAND: runs a command in the guest whose command port is the Unix
// socket SOCKET, prints what it printed, and ends with its exit code (255: the rig failed).
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "tests/rig/command_channel.hpp"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: rig_call SOCKET SECONDS COMMAND\n", stderr);
    return 255;
  }
  const std::chrono::seconds timeout(std::strtol(argv[2], nullptr, 10));
  auto socket = rig::LineSocket::connect(argv[1], rig::deadline_after(timeout));
  if (!socket) {
    std::cerr << "rig_call: " << socket.error().text << '\n';
    return 255;
  }
  rig::CommandChannel channel(std::move(*socket));
  const auto result = channel.run(argv[3], timeout, std::chrono::seconds(5));
  if (!result) {
    std::cerr << "rig_call: " << result.error().text << '\n';
    return 255;
  }
  std::cout << result->out;
  return result->exit;
}
