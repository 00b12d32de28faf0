// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/io/block_server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/io/sandbox.hpp"
#include "base/io/unix_socket.hpp"
#include "block-proxy/io/connection.hpp"
#include "block-proxy/io/lent_device.hpp"

namespace blockproxy::io {
namespace {

// Room in the socket for some large replies, as far as the kernel allows.
constexpr int socket_buffer = 4 << 20;

// What serving a client takes; the files are open and the ring is made.
std::vector<std::string> client_syscalls() {
  return {"poll",      "pread64",   "pwrite64", "preadv2",        "splice",
          "fadvise64", "fallocate", "ioctl",    "io_uring_enter", "fdatasync"};
}

// What the process that accepts needs: its children make their ring and put on their own sandbox.
std::vector<std::string> listener_syscalls() {
  std::vector<std::string> calls = client_syscalls();
  for (const char* name : {"accept4", "clone", "clone3", "wait4", "ppoll", "pipe2", "fcntl",
                           "setsockopt", "prctl", "seccomp", "io_uring_setup", "io_uring_register",
                           "landlock_create_ruleset", "landlock_restrict_self"}) {
    calls.emplace_back(name);
  }
  return calls;
}

std::vector<base::io::PathRight> no_files() { return {}; }

int reap(unsigned clients) {
  unsigned left = clients;
  while (left > 0 && ::waitpid(-1, nullptr, WNOHANG) > 0) --left;
  return static_cast<int>(left);
}

void on_child(int /*signal*/) {}  // only so that a wait ends

void serve_child(Medium& medium, base::io::Fd client, const BlockServerOptions& options,
                 const base::io::Log& log) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  base::io::enlarge_buffers(client, socket_buffer);
  const int code = serve_stream(medium, client, client, options.uring, LongReads::spliced, log);
  ::_exit(code);
}

base::Result<base::io::Fd> open_file(const BlockServerOptions& options) {
  const int mode = options.access == nbd::Access::read_only ? O_RDONLY : O_RDWR;
  base::io::Fd fd(::open(options.file.c_str(), mode | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) return base::io::fail_errno("open " + options.file);
  return fd;
}

}  // namespace

base::Result<Medium> open_medium(const BlockServerOptions& options) {
  const std::string& name = options.device.empty() ? options.file : options.device;
  auto fd = options.device.empty()
                ? open_file(options)
                : borrow_device(options.device, options.access, options.devices_socket);
  if (!fd) return base::fail(fd.error().text);
  auto medium = Medium::take(*std::move(fd), options.access, options.sector_size);
  if (!medium) return base::fail(name + ": " + medium.error().text);
  if (options.expected_size && *options.expected_size != medium->offered().size) {
    return base::fail(name + " has " + std::to_string(medium->offered().size) + " bytes, not " +
                      std::to_string(*options.expected_size) + "; is it the right one?");
  }
  medium->offered().name = options.export_name;
  return medium;
}

int serve_stream(Medium& medium, const base::io::Fd& in, const base::io::Fd& out, Uring uring,
                 LongReads long_reads, const base::io::Log& log) {
  const auto ring = uring == Uring::never ? nullptr : Ring::open(medium.fd());
  Connection connection(medium, in, out, ring.get(), long_reads);
  if (auto inside = base::io::enter_sandbox({.syscalls = client_syscalls(), .paths = no_files()});
      !inside) {
    log.error("sandbox_failed", {{"error", inside.error().text}});
    return 1;
  }
  const auto done = connection.run();
  if (done) return 0;
  log.warning("client_failed", {{"error", done.error().text}});
  return 1;
}

int serve_socket(Medium& medium, const BlockServerOptions& options, const base::io::Log& log) {
  const auto socket = base::io::listen_unix(options.listen, 0600);
  if (!socket) {
    log.error("listen_failed", {{"error", socket.error().text}});
    return 1;
  }
  struct sigaction action {};
  action.sa_handler = on_child;
  ::sigaction(SIGCHLD, &action, nullptr);
  // Held back but while it waits: a child that ends just before a wait is not missed.
  sigset_t blocked{};
  sigset_t waiting_mask{};
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &blocked, &waiting_mask);
  if (auto inside = base::io::enter_sandbox({.syscalls = listener_syscalls(), .paths = no_files()});
      !inside) {
    log.error("sandbox_failed", {{"error", inside.error().text}});
    return 1;
  }
  unsigned clients = 0;
  for (;;) {
    clients = static_cast<unsigned>(reap(clients));
    // With all places taken, new clients wait in the socket's own queue.
    pollfd waiting{
        .fd = clients < options.max_clients ? socket->get() : -1, .events = POLLIN, .revents = 0};
    if (::ppoll(&waiting, 1, nullptr, &waiting_mask) <= 0) continue;
    base::io::Fd client(::accept4(socket->get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) continue;
    const pid_t child = ::fork();
    if (child == 0) serve_child(medium, std::move(client), options, log);
    if (child > 0) {
      ++clients;
    } else {
      log.error("fork_failed", {{"error", base::io::system_error("fork", errno).text}});
    }
  }
}

int run_block_server(const BlockServerOptions& options) {
  const base::io::Log log("sallyport-block-server");
  base::io::ignore_sigpipe();
  auto medium = open_medium(options);
  if (!medium) {
    log.error("medium_failed", {{"error", medium.error().text}});
    return 1;
  }
  if (!options.listen.empty()) return serve_socket(*medium, options, log);
  const base::io::Fd in(STDIN_FILENO);
  const base::io::Fd out(STDOUT_FILENO);
  base::io::enlarge_buffers(out, socket_buffer);
  return serve_stream(*medium, in, out, options.uring, LongReads::copied, log);
}

}  // namespace blockproxy::io
