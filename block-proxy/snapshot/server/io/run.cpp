// SPDX-License-Identifier: GPL-2.0-or-later
// The process around a Server: descriptors first, then rights go, then bytes are read.
#include "block-proxy/snapshot/server/io/run.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <optional>

#include "base/io/paths.hpp"
#include "base/io/sandbox.hpp"
#include "base/io/unix_socket.hpp"
#include "block-proxy/snapshot/server/io/control.hpp"

namespace blockproxy::snapshot {
namespace {

constexpr int socket_buffer = 4 << 20;

struct Descriptors {
  base::io::Fd control;
  base::io::Fd listening;
  base::io::Fd medium;
};

// Takes readers from a socket of its own, where nobody else hands them over.
class Listener {
 public:
  Listener(boost::asio::io_context& io, base::io::Fd listening, Server& server, nbd::Access access,
           const base::io::Log& log)
      : listening_(io, listening.release()), server_(server), access_(access), log_(log) {}

  // With all places taken, new ones wait in the socket's own queue.
  void wait() {
    if (waiting_ || server_.readers() >= Server::max_readers) return;
    waiting_ = true;
    listening_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                          [this](const boost::system::error_code& error) {
                            waiting_ = false;
                            if (error) return;
                            accept();
                            wait();
                          });
  }

 private:
  void accept() {
    base::io::Fd socket(::accept4(listening_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket) return;
    base::io::enlarge_buffers(socket, socket_buffer);
    const auto added = server_.add_reader(std::move(socket), {.access = access_}, {});
    if (!added) log_.warning("reader_refused", {{"reason", added.error().text}});
  }

  boost::asio::posix::stream_descriptor listening_;
  Server& server_;
  nbd::Access access_;
  const base::io::Log& log_;
  bool waiting_ = false;
};

base::Status make_folder(const std::filesystem::path& folder, const base::io::Identity* owner) {
  std::error_code error;
  std::filesystem::create_directories(folder.parent_path(), error);
  if (error) return base::fail("create " + folder.string() + ": " + error.message());
  if (::mkdir(folder.c_str(), 0700) != 0) {
    if (errno == EEXIST) return base::Ok{};
    return base::io::fail_errno("create " + folder.string());
  }
  if (owner == nullptr || ::chown(folder.c_str(), owner->uid, owner->gid) == 0) return base::Ok{};
  return base::io::fail_errno("give away " + folder.string());
}

base::Result<Descriptors> open_descriptors(const ServerOptions& options) {
  Descriptors opened;
  if (options.control != ServerOptions::no_control) {
    opened.control = base::io::Fd(options.control);
    if (auto set = base::io::set_nonblocking(opened.control); !set) {
      return base::Unexpected{set.error()};
    }
    return opened;
  }
  if (!options.from.empty()) {
    auto medium = base::io::connect_unix(options.from);
    if (!medium) return base::Unexpected{medium.error()};
    base::io::enlarge_buffers(*medium, socket_buffer);
    opened.medium = *std::move(medium);
  }
  auto listening = base::io::listen_unix(options.listen, 0600, base::io::SocketType::stream,
                                         base::io::Blocking::no);
  if (!listening) return base::Unexpected{listening.error()};
  opened.listening = *std::move(listening);
  return opened;
}

base::Status give_up_rights(const ServerOptions& options) {
  const base::io::Paths paths(options.root);
  std::optional<base::io::Identity> user;
  if (!options.user.empty() && ::geteuid() == 0) {
    auto found = base::io::find_identity(options.user);
    if (!found) return base::Unexpected{found.error()};
    user = *std::move(found);
  }
  // Its own folders and no other snapshot's: neither bytes nor keys.
  const auto folder = paths.snapshots() / options.name;
  const auto keys = paths.snapshot_keys() / options.name;
  for (const auto& each : {folder, keys}) {
    if (auto made = make_folder(each, user ? &*user : nullptr); !made) return made;
  }
  if (user) {
    if (auto dropped = base::io::drop_identity(*user); !dropped) return dropped;
  }
  using Access = base::io::PathRight::Access;
  base::io::Sandbox sandbox{
      .syscalls = base::io::event_loop_syscalls(),
      .paths = std::vector<base::io::PathRight>{{folder.string(), Access::read_write},
                                                {keys.string(), Access::read_write}}};
  for (const char* name : {"accept4", "dup", "openat", "mkdir", "flock", "ftruncate", "fallocate",
                           "fdatasync", "fsync", "memfd_create", "splice", "pread64", "pwrite64",
                           "sync_file_range", "unlink", "rmdir", "fchmod"}) {
    sandbox.syscalls.emplace_back(name);
  }
  return base::io::enter_sandbox(sandbox);
}

base::Status serve(const ServerOptions& options, const base::io::Log& log) {
  auto opened = open_descriptors(options);
  if (!opened) return base::Unexpected{opened.error()};
  boost::asio::io_context io(1);
  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&io](const boost::system::error_code&, int) { io.stop(); });
  if (auto given = give_up_rights(options); !given) return given;

  // From here on bytes of the medium's server are read.
  Server server(io, options, log);
  std::optional<Control> control;
  std::optional<Listener> listener;
  const auto there = server.open();
  if (opened->control) {
    // One that cannot be opened tells so whoever asks.
    control.emplace(io, std::move(opened->control), server, there ? "" : there.error().text, log);
    control->start();
  } else {
    if (!there) return there;
    const MediumWish wish{.background = options.background, .at_end = options.at_end};
    if (opened->medium) {
      if (auto done = server.attach(std::move(opened->medium), wish, {}); !done) return done;
    }
    if (!server.store())
      return base::fail("there is no snapshot " + options.name + "; --from makes one");
    listener.emplace(io, std::move(opened->listening), server, options.access, log);
    server.on_change([&listener] { listener->wait(); });
    listener->wait();
    log.info("serving", {{"snapshot", options.name},
                         {"bytes", std::to_string(server.store()->geometry().medium_size())}});
  }
  io.run();
  return server.store() ? server.store()->flush() : base::Status(base::Ok{});
}

}  // namespace

int run_snapshot_server(const ServerOptions& options) {
  const base::io::Log log("sallyport-snapshot");
  base::io::ignore_sigpipe();
  const auto done = serve(options, log);
  if (done) return 0;
  log.error("failed", {{"reason", done.error().text}});
  return 1;
}

}  // namespace blockproxy::snapshot
