// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-usb-backend: the service qubes.USB+PORT, one USB device on one stream.
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <boost/program_options.hpp>
#include <cstdio>
#include <cstdlib>

#include "agent/devices/client.hpp"
#include "base/io/files.hpp"
#include "base/io/sandbox.hpp"
#include "usbproxy/io/backend_session.hpp"

namespace {

namespace po = boost::program_options;
using usbproxy::BackendRefusal;
using usbproxy::BackendStatus;
using usbproxy::refuse;

constexpr std::chrono::milliseconds lock_patience{2000};

po::options_description describe_options() {
  po::options_description known("sallyport-usb-backend: lends one USB device to a stream");
  auto add = known.add_options();
  add("help", "show this");
  add("port", po::value<std::string>(), "port of the device (else QREXEC_SERVICE_ARGUMENT)");
  add("devices-socket", po::value<std::string>()->default_value(agent::devices::default_socket),
      "root's device helper");
  add("direct", "open the device node itself (needs root)");
  add("reset", "reset the device first");
  add("usb-fd", po::value<int>(), "an open device node, instead of a port");
  add("stream-fd", po::value<int>(), "the stream, instead of stdin and stdout");
  add("option", po::value<std::vector<std::string>>()->composing(),
      "KEY=VALUE, instead of what SALLYPORT_OPTIONS says; may be repeated");
  add("sysfs", po::value<std::string>()->default_value("/sys"), "where sysfs is");
  return known;
}

std::string port_of(const po::variables_map& options) {
  if (options.count("port") > 0) return options["port"].as<std::string>();
  const char* argument = std::getenv("QREXEC_SERVICE_ARGUMENT");
  return argument != nullptr ? argument : "";
}

// What dom0 decided for this attachment (docs/protocol.md 4).
base::Result<usbproxy::firewall::Rights> rights_of(const po::variables_map& options) {
  std::string words;
  if (options.count("option") > 0) {
    for (const auto& each : options["option"].as<std::vector<std::string>>())
      words += (words.empty() ? "" : " ") + each;
  } else if (const char* told = std::getenv("SALLYPORT_OPTIONS"); told != nullptr) {
    words = told;
  }
  return usbproxy::firewall::Rights::parse(words);
}

struct HeldDevice {
  base::io::Fd lock;
  std::optional<agent::devices::Client> helper;  // its end gives the device back
  base::io::Fd device;
};

base::Result<base::io::Fd, BackendRefusal> open_node(const usbproxy::DeviceAddress& address) {
  char path[64];
  std::snprintf(path, sizeof(path), "/dev/bus/usb/%03u/%03u", address.bus, address.device);
  base::io::Fd device(::open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!device) {
    return refuse(BackendStatus::cannot_open,
                  base::io::system_error(std::string("cannot open: ") + path, errno).text);
  }
  return device;
}

base::Result<HeldDevice, BackendRefusal> hold_device(const po::variables_map& options) {
  HeldDevice held;
  if (options.count("usb-fd") > 0) {
    held.device.reset(options["usb-fd"].as<int>());
    return held;
  }
  const std::string port = port_of(options);
  const auto address = usbproxy::find_device(port, options["sysfs"].as<std::string>());
  if (!address) return base::Unexpected{address.error()};
  auto lock = usbproxy::lock_port(port, lock_patience);
  if (!lock) return base::Unexpected{lock.error()};
  held.lock = std::move(*lock);
  if (options.count("direct") > 0) {
    auto device = open_node(*address);
    if (!device) return base::Unexpected{device.error()};
    held.device = std::move(*device);
    return held;
  }
  auto helper = agent::devices::Client::connect(options["devices-socket"].as<std::string>());
  if (!helper) return refuse(BackendStatus::cannot_open, "cannot open: " + helper.error().text);
  auto device = helper->open_usb(address->bus, address->device);
  if (!device) return refuse(BackendStatus::cannot_open, "cannot open: " + device.error().text);
  held.device = std::move(*device);
  held.helper = std::move(*helper);
  return held;
}

base::Result<base::io::Fd> termination_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&signals, number);
  if (::sigprocmask(SIG_BLOCK, &signals, nullptr) != 0) return base::io::fail_errno("sigprocmask");
  ::signal(SIGPIPE, SIG_IGN);
  base::io::Fd fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) return base::io::fail_errno("signalfd");
  return fd;
}

base::Result<usbproxy::BackendSession::Streams> open_streams(const po::variables_map& options) {
  const bool given = options.count("stream-fd") > 0;
  const int in = given ? options["stream-fd"].as<int>() : STDIN_FILENO;
  const int out = given ? in : STDOUT_FILENO;
  usbproxy::BackendSession::Streams streams;
  streams.in.reset(::fcntl(in, F_DUPFD_CLOEXEC, 3));
  streams.out.reset(::fcntl(out, F_DUPFD_CLOEXEC, 3));
  if (!streams.in || !streams.out) return base::io::fail_errno("the stream");
  ::close(in);
  ::close(out);
  // So that nothing opened later can take their numbers and be written to by mistake.
  for (const int number : {STDIN_FILENO, STDOUT_FILENO})
    if (::fcntl(number, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) < 0)
      return base::io::fail_errno("open /dev/null");
  for (const auto* fd : {&streams.in, &streams.out})
    if (auto set = base::io::set_nonblocking(*fd); !set) return base::fail(set.error().text);
  auto signals = termination_signals();
  if (!signals) return base::fail(signals.error().text);
  streams.signals = std::move(*signals);
  return streams;
}

// ioctl: usbfs. readlink: libusb asks /proc which device node the fd is.
base::Status enter_sandbox() {
  return base::io::enter_sandbox({.syscalls = {"poll", "ppoll", "readlink", "ioctl", "fcntl",
                                               "pread64", "timerfd_settime", "timerfd_gettime"},
                                  .paths = std::vector<base::io::PathRight>{}});
}

// The library allocates and frees a buffer or two of up to some MiB per transfer. Given back to the
// kernel each time, they would be faulted in and zeroed page by page each time.
void keep_freed_memory() {
  constexpr int largest_on_heap = 32 * 1024 * 1024;
  constexpr int most_kept = 16 * 1024 * 1024;
  ::mallopt(M_MMAP_THRESHOLD, largest_on_heap);
  ::mallopt(M_TRIM_THRESHOLD, most_kept);
}

int complain(const std::string& text) {
  std::fprintf(stderr, "sallyport-usb-backend: %s\n", text.c_str());
  return 1;
}

// Also tells the frontend.
int complain(const base::io::Fd& out, const BackendRefusal& refusal) {
  const auto header = usbproxy::encode_backend_header(refusal.status, refusal.reason);
  (void)base::io::write_all(out, base::wire::as_text(header));
  return complain(refusal.reason);
}

int run(const po::variables_map& options) {
  keep_freed_memory();
  auto streams = open_streams(options);
  if (!streams) return complain(streams.error().text);
  const base::io::Fd out(::fcntl(streams->out.get(), F_DUPFD_CLOEXEC, 3));
  const auto internal = [&out](const std::string& reason) {
    return complain(out, BackendRefusal{BackendStatus::internal, reason});
  };
  // Before the device is taken from this qube's drivers: one that is not understood may be a
  // restriction.
  const auto rights = rights_of(options);
  if (!rights)
    return complain(out, {BackendStatus::cannot_open, "cannot open: " + rights.error().text});
  auto held = hold_device(options);
  if (!held) return complain(out, held.error());
  if (options.count("reset") > 0) {
    if (const auto reset = usbproxy::reset_device(held->device); !reset) {
      return complain(out, reset.error());
    }
  }
  auto context = usbproxy::UsbContext::create();
  if (!context) return internal(context.error().text);
  if (auto entered = enter_sandbox(); !entered) return internal(entered.error().text);

  usbproxy::BackendSession session(std::move(*streams));
  if (const auto refusal = session.open(*context, std::move(held->device), *rights))
    return complain(out, *refusal);
  const auto header = usbproxy::encode_backend_header(BackendStatus::ready);
  if (auto sent = base::io::write_all(out, base::wire::as_text(header)); !sent)
    return complain(sent.error().text);
  const usbproxy::SessionEnd end = session.run();
  complain(end.why);
  return end.kind == usbproxy::SessionEnd::Kind::normal ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto known = describe_options();
    po::variables_map options;
    po::store(po::parse_command_line(argc, argv, known), options);
    po::notify(options);
    if (options.count("help") > 0) {
      std::puts("Usage: sallyport-usb-backend [--port PORT] [--direct] [--stream-fd N] ...");
      return 0;
    }
    return run(options);
  } catch (const std::exception& error) {
    return complain(error.what());
  }
}
