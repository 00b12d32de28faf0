// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/io/guest_firewall.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "base/io/forked.hpp"
#include "base/io/sandbox.hpp"
#include "base/io/service_streams.hpp"
#include "base/io/unix_socket.hpp"
#include "usbproxy/guest/link.hpp"
#include "usbproxy/io/frontend_call.hpp"
#include "usbproxy/io/frontend_pump.hpp"

namespace usbproxy::io {
namespace {

using base::io::ended;
using base::io::Fd;

constexpr std::chrono::seconds header_deadline{15};
// From the end of its last word to its own.
constexpr std::chrono::seconds end_deadline{5};
constexpr char asked = 'p';
constexpr char granted = 'g';

bool send_byte(const Fd& socket, char byte) {
  return ::send(socket.get(), &byte, 1, MSG_NOSIGNAL) == 1;
}

// Nothing: the end of it.
std::optional<char> receive_byte(const Fd& socket) {
  char byte = 0;
  for (;;) {
    const ssize_t count = ::recv(socket.get(), &byte, 1, 0);
    if (count == 1) return byte;
    if (count == 0 || errno != EINTR) return std::nullopt;
  }
}

base::Status enter_firewall_sandbox(const Fd& dev_null) {
  if (auto released = base::io::release_stdio(dev_null); !released) return released;
  return base::io::enter_sandbox(
      {.syscalls = base::io::event_loop_syscalls(), .paths = std::vector<base::io::PathRight>{}});
}

// In the child, with what it holds. The exit code.
int stand_between(FirewallTask task, const Fd& control, const Fd& dev_null) {
  boost::asio::io_context context(1);
  if (const auto inside = enter_firewall_sandbox(dev_null); !inside) {
    return ended(1, inside.error().text);
  }
  // From here on bytes of the backend are read.
  if (const auto header = read_backend_header(task.stream, header_deadline); !header) {
    return ended(1, header.error().text);
  }
  Session session(std::move(task.identity), std::chrono::steady_clock::now(),
                  std::move(task.rights), redir::cap::all);
  BackendSource source(session);
  guest::Link link(session);
  bool plugged = true;
  Pump pump(context, {.in = std::move(task.stream)}, {source, session, link},
            [&](const DeviceTable& /*device*/) -> base::Result<Pump::Ends> {
              plugged = send_byte(control, asked) && receive_byte(control) == granted;
              if (!plugged) return base::fail("not plugged in");
              return Pump::Ends{.in = std::move(task.guest)};
            });
  const auto outcome = pump.run();
  if (!plugged) return 1;  // the parent knows why
  return ended(outcome.exit_code(), outcome.end.text);
}

[[noreturn]] void child(FirewallTask task, const Fd& control, const Fd& dev_null, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // it died before that was said
  base::io::close_all_but({task.stream.get(), task.guest.get(), control.get(), dev_null.get()});
  int code = 1;
  try {
    code = stand_between(std::move(task), control, dev_null);
  } catch (const std::exception& error) {
    ended(1, std::string("sallyport-usb-guest: ") + error.what());
  }
  ::_exit(code);
}

}  // namespace

base::Result<Firewall> Firewall::start(FirewallTask task, const Fd& dev_null) {
  auto pair = base::io::stream_pair();
  if (!pair) return base::Unexpected{pair.error()};
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return base::io::fail_errno("fork");
  if (pid == 0) child(std::move(task), pair->second, dev_null, parent);
  return Firewall(pid, std::move(pair->first));
}

bool Firewall::asks() const { return receive_byte(control_) == asked; }

base::Status Firewall::grant() const {
  if (!send_byte(control_, granted)) return base::io::fail_errno("tell the USB firewall to go on");
  return base::Ok{};
}

int Firewall::wait() const { return base::io::wait_or_kill(pid_, end_deadline); }

}  // namespace usbproxy::io
