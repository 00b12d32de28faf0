// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/io/guest.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include <array>
#include <cerrno>

#include "base/io/sandbox.hpp"
#include "base/io/service_streams.hpp"
#include "base/io/unix_socket.hpp"
#include "usbproxy/io/frontend_call.hpp"
#include "usbproxy/io/guest_device.hpp"
#include "usbproxy/io/guest_firewall.hpp"

namespace usbproxy::io {

const char* const guest_usage =
    "usage: sallyport-usb-guest --qmp PATH [--agent-socket PATH]\n"
    "Service qubes.USBAttach of a guest without an agent: puts a USB device of another qube into\n"
    "its QEMU, whose monitor is at PATH. stdin: 'BACKEND PORT', then optionally\n"
    "'identity DEVICE_ID' and lines of 'option KEY VALUE', which an empty line ends.\n";

namespace {

using base::io::ended;
using base::io::Fd;

constexpr int socket_buffer = 4 * 1024 * 1024;

// SIGTERM and SIGINT as something to poll for.
base::Result<Fd> stop_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  if (::sigprocmask(SIG_BLOCK, &signals, nullptr) != 0) return base::io::fail_errno("sigprocmask");
  Fd fd(::signalfd(-1, &signals, SFD_CLOEXEC));
  if (!fd) return base::io::fail_errno("signalfd");
  return fd;
}

base::Status enter_keeper_sandbox() {
  base::io::Sandbox sandbox{.syscalls = {"poll", "sendto", "recvfrom", "sendmsg", "recvmsg",
                                         "socket", "connect", "fcntl", "dup2", "wait4", "kill"},
                            .paths = std::vector<base::io::PathRight>{}};
  return base::io::enter_sandbox(sandbox);
}

// Passes a request to end on, once, until there is something from the firewall.
void wait_for(const Firewall& firewall, const Fd& signals) {
  std::array<pollfd, 2> both{{{.fd = firewall.control().get(), .events = POLLIN, .revents = 0},
                              {.fd = signals.get(), .events = POLLIN, .revents = 0}}};
  for (;;) {
    if (::poll(both.data(), both.size(), -1) < 0 && errno != EINTR) return;
    if (both[0].revents != 0) return;
    if (both[1].revents == 0) continue;
    ::kill(firewall.pid(), SIGTERM);  // not reaped, so the number is still its own
    both[1].fd = -1;
  }
}

int firewall_ended(const Firewall& firewall) {
  const int code = firewall.wait();
  if (code <= 128) return code;  // it has said why
  return ended(1, "the USB firewall was killed by signal " + std::to_string(code - 128));
}

// From the running firewall to the end of the attachment.
int keep(Firewall firewall, const GuestDevice& device, Fd its_end, const Fd& signals,
         const Fd& dev_null) {
  wait_for(firewall, signals);
  if (!firewall.asks()) return firewall_ended(firewall);
  if (const auto plugged = device.plug(its_end); !plugged) {
    firewall.refuse();
    firewall.wait();
    return ended(1, plugged.error().text);
  }
  its_end.reset();  // QEMU has its own; ours would hide the end
  auto told = firewall.grant();
  if (told) told = base::io::report_attached(dev_null);
  if (!told) ::kill(firewall.pid(), SIGTERM);  // nobody knows of it
  wait_for(firewall, signals);
  const int code = firewall_ended(firewall);
  if (const auto gone = device.unplug(); !gone) {
    return ended(code, "the guest keeps a USB device that is not plugged in: " + gone.error().text);
  }
  return code;
}

}  // namespace

int run_guest(const base::io::GuestOptions& options) {
  base::io::ignore_sigpipe();
  auto request = read_request();
  if (!request) return ended(1, request.error().text);
  const GuestDevice device(options.monitor, request->port);
  // First the guest: without it there is no point in asking anybody.
  if (const auto there = device.look(); !there) return ended(1, there.error().text);
  const auto dev_null = base::io::open_dev_null();
  if (!dev_null) return ended(1, dev_null.error().text);
  auto stream = call_backend(options.agent_socket, *request);
  if (!stream) return ended(stream.error().exit_code, stream.error().text);
  auto pair = base::io::stream_pair();
  if (!pair) return ended(1, pair.error().text);
  for (const Fd* each : {&*stream, &pair->first, &pair->second}) {
    base::io::enlarge_buffers(*each, socket_buffer);
  }
  auto firewall = Firewall::start({.stream = std::move(*stream),
                                   .guest = std::move(pair->first),
                                   .identity = std::move(request->identity),
                                   .rights = std::move(request->rights)},
                                  *dev_null);
  if (!firewall) return ended(1, firewall.error().text);
  const auto signals = stop_signals();
  if (!signals) return ended(1, signals.error().text);
  if (const auto inside = enter_keeper_sandbox(); !inside) return ended(1, inside.error().text);
  return keep(std::move(*firewall), device, std::move(pair->second), *signals, *dev_null);
}

}  // namespace usbproxy::io
