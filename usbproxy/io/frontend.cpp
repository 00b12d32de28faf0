// SPDX-License-Identifier: GPL-2.0-or-later
// The steps of an attachment, in order.
#include "usbproxy/io/frontend.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string_view>

#include "base/io/files.hpp"
#include "base/io/sandbox.hpp"
#include "base/io/unix_socket.hpp"
#include "usbproxy/io/frontend_call.hpp"
#include "usbproxy/io/frontend_pump.hpp"

namespace usbproxy::io {
namespace {

using base::io::CallRefused;
using base::io::Fd;

constexpr std::chrono::seconds header_deadline{15};
constexpr int stream_buffer = 4 * 1024 * 1024;

int ended(int code, std::string_view why) {
  std::string line(why);
  line += '\n';
  // A closed stderr must not change the outcome.
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, line.data(), line.size());
  return code;
}

struct Way {
  Fd stream;
  std::optional<Identity> identity;
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
    return Way{.stream = std::move(*stream), .identity = std::move(request->identity)};
  }
  Way way{.stream = Fd(*options.stream_fd), .identity = std::nullopt};
  if (options.identity) {
    auto identity = Identity::parse(*options.identity);
    if (!identity) return failed(identity.error());
    way.identity = std::move(*identity);
  }
  return way;
}

// Tells dom0, and lets go of the service's stdin and stdout.
base::Status report_attached(const Fd& dev_null, bool standard_streams) {
  constexpr std::string_view line = "attached\n";
  const Fd out(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
  if (!out) return base::io::fail_errno("stdout");
  if (auto written = base::io::write_all(out, line); !written) return written;
  if (!standard_streams) return base::Ok{};
  if (::dup2(dev_null.get(), STDIN_FILENO) < 0 || ::dup2(dev_null.get(), STDOUT_FILENO) < 0) {
    return base::io::fail_errno("put /dev/null on stdin and stdout");
  }
  return base::Ok{};
}

base::Status enter_frontend_sandbox() {
  base::io::Sandbox sandbox{.syscalls = base::io::event_loop_syscalls(),
                            .paths = std::vector<base::io::PathRight>{}};
  for (const char* name : {"pread64", "pwrite64", "dup2"}) sandbox.syscalls.emplace_back(name);
  return base::io::enter_sandbox(sandbox);
}

int exit_code(const Pump::Outcome& outcome) {
  if (!outcome.attached) return 1;
  switch (outcome.end.reason) {
    case EndReason::unplugged:
    case EndReason::target_detached:
    case EndReason::stopped:
      return 0;
    case EndReason::stream_closed:
    case EndReason::refused:
    case EndReason::silent:
    case EndReason::violation:
    case EndReason::kernel_violation:
      return 1;
  }
  return 1;
}

}  // namespace

int run_frontend(const FrontendOptions& options) {
  base::io::ignore_sigpipe();
  // First the kernel's side: without it there is no point in asking anybody.
  auto vhci = Vhci::open(options.vhci);
  if (!vhci) return ended(1, vhci.error().text);
  const Fd dev_null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!dev_null) return ended(1, base::io::fail_errno("open /dev/null").value.text);
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
  Pump pump(context, std::move(way->stream), std::move(way->identity),
            [&](const DeviceTable& device) -> base::Result<Fd> {
              auto socket = vhci->attach(device.speed());
              if (!socket) return socket;
              if (auto told = report_attached(dev_null, standard_streams); !told) {
                return base::Unexpected{told.error()};
              }
              return socket;
            });
  const auto outcome = pump.run();
  return ended(exit_code(outcome), outcome.end.text);
}

}  // namespace usbproxy::io
