// SPDX-License-Identifier: GPL-2.0-or-later
// The steps of an attachment, in order.
#include "usbproxy/io/frontend.hpp"

#include <unistd.h>

#include "base/io/sandbox.hpp"
#include "base/io/service_streams.hpp"
#include "base/io/unix_socket.hpp"
#include "usbproxy/io/frontend_call.hpp"
#include "usbproxy/io/frontend_pump.hpp"

namespace usbproxy::io {
namespace {

using base::io::CallRefused;
using base::io::ended;
using base::io::Fd;

constexpr std::chrono::seconds header_deadline{15};
constexpr int stream_buffer = 4 * 1024 * 1024;

struct Way {
  Fd stream;
  std::optional<Identity> identity;
  firewall::Rights rights;
};

// The stream to the backend, given or called for.
base::Result<Way, CallRefused> open_way(const FrontendOptions& options) {
  const auto failed = [](const base::Error& error) {
    return base::Unexpected{CallRefused{.exit_code = 1, .text = error.text}};
  };
  if (!options.stream_fd) {
    auto request = read_request();
    if (!request) return failed(request.error());
    auto stream = call_backend(options.agent_socket, *request);
    if (!stream) return base::Unexpected{stream.error()};
    return Way{.stream = std::move(*stream),
               .identity = std::move(request->identity),
               .rights = std::move(request->rights)};
  }
  Way way{.stream = Fd(*options.stream_fd), .identity = std::nullopt, .rights = options.rights};
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
  base::io::enlarge_buffers(way->stream, stream_buffer);
  boost::asio::io_context context(1);
  if (const auto inside = enter_frontend_sandbox(); !inside) return ended(1, inside.error().text);

  // From here on bytes of the backend are read.
  if (const auto header = read_backend_header(way->stream, header_deadline); !header) {
    return ended(1, header.error().text);
  }
  const bool standard_streams = !options.stream_fd || *options.stream_fd > STDOUT_FILENO;
  Session session(std::move(way->identity), std::chrono::steady_clock::now(),
                  std::move(way->rights));
  KernelTarget target(session);
  Pump pump(context, std::move(way->stream), session, target,
            [&](const DeviceTable& device) -> base::Result<Pump::Ends> {
              auto socket = vhci->attach(device.speed());
              if (!socket) return base::Unexpected{socket.error()};
              auto told = standard_streams ? base::io::report_attached(*dev_null)
                                           : base::io::tell_attached();
              if (!told) return base::Unexpected{told.error()};
              return Pump::Ends{.in = std::move(*socket)};
            });
  const auto outcome = pump.run();
  return ended(outcome.exit_code(), outcome.end.text);
}

}  // namespace usbproxy::io
