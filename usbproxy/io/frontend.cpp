// SPDX-License-Identifier: GPL-2.0-or-later
// The steps of an attachment, in order.
#include "usbproxy/io/frontend.hpp"

#include <unistd.h>

#include <functional>

#include "base/io/sandbox.hpp"
#include "base/io/service_streams.hpp"
#include "base/io/unix_socket.hpp"
#include "usbproxy/exported/link.hpp"
#include "usbproxy/io/frontend_call.hpp"
#include "usbproxy/io/standard_streams.hpp"

namespace usbproxy::io {
namespace {

using base::io::CallRefused;
using base::io::ended;
using base::io::Fd;

constexpr std::chrono::seconds introduction_deadline{15};
constexpr int stream_buffer = 4 * 1024 * 1024;

struct Way {
  Pump::Ends stream;
  std::optional<Identity> identity;
  firewall::Rights rights;
};

// The stream to the backend, given or called for.
base::Result<Way, CallRefused> open_way(const FrontendOptions& options) {
  const auto failed = [](const base::Error& error) {
    return base::Unexpected{CallRefused{.exit_code = 1, .text = error.text}};
  };
  if (!options.stream_fd && !options.usbip) {
    auto request = read_request();
    if (!request) return failed(request.error());
    auto stream = call_backend(options.agent_socket, *request);
    if (!stream) return base::Unexpected{stream.error()};
    return Way{.stream = {.in = std::move(*stream)},
               .identity = std::move(request->identity),
               .rights = std::move(request->rights)};
  }
  Way way{.stream = {}, .identity = std::nullopt, .rights = options.rights};
  if (options.stream_fd) {
    way.stream.in = Fd(*options.stream_fd);
  } else {
    auto streams = take_standard_streams();
    if (!streams) return failed(streams.error());
    way.stream = std::move(*streams);
  }
  if (options.identity) {
    auto identity = Identity::parse(*options.identity);
    if (!identity) return failed(identity.error());
    way.identity = std::move(*identity);
  }
  return way;
}

base::Status enter_frontend_sandbox() {
  base::io::Sandbox sandbox{.syscalls = base::io::event_loop_syscalls(),
                            .paths = std::vector<base::io::PathRight>{}};
  for (const char* name : {"pread64", "pwrite64", "dup2"}) sandbox.syscalls.emplace_back(name);
  return base::io::enter_sandbox(sandbox);
}

// Tells whoever asked for the device.
using Report = std::function<base::Status()>;

int attach(boost::asio::io_context& context, Pump::Ends stream, const Pump::Middle& middle,
           Vhci& vhci, const Report& report) {
  Pump pump(context, std::move(stream), middle,
            [&](const DeviceTable& device) -> base::Result<Pump::Ends> {
              auto socket = vhci.attach(device.speed());
              if (!socket) return base::Unexpected{socket.error()};
              if (auto told = report(); !told) return base::Unexpected{told.error()};
              return Pump::Ends{.in = std::move(*socket)};
            });
  const auto outcome = pump.run();
  return ended(outcome.exit_code(), outcome.end.text);
}

int attach_backend(boost::asio::io_context& context, Way way, Vhci& vhci, const Report& report) {
  if (const auto header = read_backend_header(way.stream.in, introduction_deadline); !header) {
    return ended(1, header.error().text);
  }
  Session session(std::move(way.identity), std::chrono::steady_clock::now(), std::move(way.rights));
  BackendSource source(session);
  KernelTarget target(session);
  return attach(context, std::move(way.stream), {source, session, target}, vhci, report);
}

int attach_exported(boost::asio::io_context& context, Way way, Vhci& vhci, const Report& report) {
  if (way.rights.read_only()) {  // a filter of the backend is what makes it so
    return ended(1, "read-only needs sallyport in sys-usb, which holds the device to it there");
  }
  const auto line = read_device_line(way.stream.in, introduction_deadline);
  if (!line) return ended(1, line.error().text);
  const auto now = std::chrono::steady_clock::now();
  Session session(std::move(way.identity), now, std::move(way.rights));
  exported::Link source(session, *line, now);
  KernelTarget target(session);
  return attach(context, std::move(way.stream), {source, session, target}, vhci, report);
}

}  // namespace

int run_frontend(const FrontendOptions& options) {
  base::io::ignore_sigpipe();
  // First the kernel's side: without it there is no point in asking anybody.
  auto vhci = Vhci::open(options.vhci);
  if (!vhci) return ended(1, vhci.error().text);
  const auto dev_null = base::io::open_dev_null();
  if (!dev_null) return ended(1, dev_null.error().text);
  auto way = open_way(options);
  if (!way) return ended(way.error().exit_code, way.error().text);
  base::io::enlarge_buffers(way->stream.in, stream_buffer);
  const Fd watcher(options.attached_fd.value_or(-1));  // open to the end, which it tells as well
  boost::asio::io_context context(1);
  if (const auto inside = enter_frontend_sandbox(); !inside) return ended(1, inside.error().text);

  // From here on bytes of the backend are read.
  if (options.usbip) {
    return attach_exported(context, std::move(*way), *vhci,
                           [&watcher] { return tell_attached_to(watcher); });
  }
  const bool standard_streams = !options.stream_fd || *options.stream_fd > STDOUT_FILENO;
  return attach_backend(context, std::move(*way), *vhci, [&dev_null, standard_streams] {
    return standard_streams ? base::io::report_attached(*dev_null) : base::io::tell_attached();
  });
}

}  // namespace usbproxy::io
