// SPDX-License-Identifier: GPL-2.0-or-later
// The process around a Supervisor.
#include <sys/stat.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "base/io/unix_socket.hpp"
#include "block-proxy/snapshot/supervisor/io/supervisor.hpp"

namespace blockproxy::snapshot {
namespace {

// Whoever may not ask is told so by the socket; the folder only has to be passed through.
base::Status make_folders(const base::io::Paths& paths) {
  const auto make = [](const std::filesystem::path& folder, unsigned mode) -> base::Status {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return base::fail("create " + folder.string() + ": " + error.message());
    if (::chmod(folder.c_str(), mode) == 0) return base::Ok{};
    return base::io::fail_errno("set the rights of " + folder.string());
  };
  if (auto made = make(paths.snapshots(), 0700); !made) return made;
  if (auto made = make(paths.snapshot_run(), 0755); !made) return made;
  return make(paths.snapshot_keys(), 0700);
}

base::Status supervise(SupervisorOptions options, const base::io::Log& log) {
  const base::io::Paths paths(options.root);
  if (options.program.empty()) {
    options.program = std::filesystem::read_symlink("/proc/self/exe").parent_path() /
                      "sallyport-snapshot";
  }
  if (auto made = make_folders(paths); !made) return made;
  auto listening = base::io::listen_unix(paths.snapshot_socket(), 0666,
                                         base::io::SocketType::seqpacket, base::io::Blocking::no);
  if (!listening) return base::Unexpected{listening.error()};
  boost::asio::io_context io(1);
  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&io](const boost::system::error_code&, int) { io.stop(); });
  Supervisor supervisor(io, *std::move(listening), options, log);
  if (auto started = supervisor.start(); !started) return started;
  log.info("ready");
  io.run();
  return base::Ok{};
}

}  // namespace

int run_supervisor(const SupervisorOptions& options) {
  const base::io::Log log("sallyport-snapshots");
  base::io::ignore_sigpipe();
  const auto done = supervise(options, log);
  if (done) return 0;
  log.error("failed", {{"reason", done.error().text}});
  return 1;
}

}  // namespace blockproxy::snapshot
