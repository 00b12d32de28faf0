// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/io/export.hpp"

#include <cstdlib>
#include <utility>

#include "base/device/attachment_end.hpp"
#include "base/io/files.hpp"
#include "base/io/sandbox.hpp"
#include "base/io/service_streams.hpp"
#include "usbproxy/device_line.hpp"
#include "usbproxy/io/backend_process.hpp"
#include "usbproxy/io/frontend_call.hpp"
#include "usbproxy/io/standard_streams.hpp"
#include "usbproxy/remote_kernel.hpp"

namespace usbproxy::io {

const char* const export_usage =
    "usage: sallyport-usb-export [--attached-fd N] [--devid N] -- BACKEND [ARGUMENT]...\n"
    "Service qubes.USB of a sys-usb whose targets have Qubes' own usb-import: starts the program\n"
    "BACKEND, checks the device as sallyport-usb-frontend does, writes 'DEVID SPEED' and then\n"
    "speaks USB/IP on stdin and stdout. The environment's SALLYPORT_OPTIONS holds for both.\n"
    "  --attached-fd N  gets our process id, a line, once the device is introduced\n"
    "  --devid N        DEVID of the line, bus << 16 | device; else 65537\n";

namespace {

using base::io::ended;
using base::io::Fd;

constexpr std::chrono::seconds header_deadline{15};

base::Result<firewall::Rights> rights_of_environment() {
  const char* told = std::getenv("SALLYPORT_OPTIONS");
  return firewall::Rights::parse(told != nullptr ? told : "");
}

base::Status enter_export_sandbox() {
  base::io::Sandbox sandbox{.syscalls = base::io::event_loop_syscalls(),
                            .paths = std::vector<base::io::PathRight>{}};
  for (const char* name : {"wait4", "kill"}) sandbox.syscalls.emplace_back(name);
  return base::io::enter_sandbox(sandbox);
}

// What usb-import waits for; behind it the target's kernel begins.
base::Status introduce(const Pump::Ends& target, const std::string& line, const Fd& watcher) {
  if (auto told = base::io::write_all(target.out, line); !told) {
    return base::fail("the target does not take the device: " + told.error().text);
  }
  return tell_attached_to(watcher);
}

int serve(Pump::Ends target, Fd stream, firewall::Rights rights, std::uint32_t devid,
          const Fd& watcher) {
  boost::asio::io_context context(1);
  if (const auto inside = enter_export_sandbox(); !inside) return ended(1, inside.error().text);
  // From here on bytes of the backend are read.
  if (const auto header = read_backend_header(stream, header_deadline); !header) {
    return ended(1, header.error().text);
  }
  Session session(std::nullopt, std::chrono::steady_clock::now(), std::move(rights));
  BackendSource source(session);
  RemoteKernel kernel(session);
  Pump pump(context, {.in = std::move(stream)}, {source, session, kernel},
            [&](const DeviceTable& device) -> base::Result<Pump::Ends> {
              auto introduced = introduce(target, device_line(devid, device.speed()), watcher);
              if (!introduced) return base::Unexpected{introduced.error()};
              return std::move(target);
            });
  const auto outcome = pump.run();
  // As usb-export: 0 when nobody uses the device any more, whoever ended it.
  return ended(outcome.exit_code() == base::device::exit_device_left ? 0 : outcome.exit_code(),
               outcome.end.text);
}

}  // namespace

base::Result<ExportOptions> ExportOptions::parse(const std::vector<std::string>& arguments) {
  ExportOptions options;
  for (auto word = arguments.begin(); word != arguments.end(); ++word) {
    if (*word == "--help") {
      options.help = true;
      return options;
    }
    if (*word == "--") {
      options.backend.assign(word + 1, arguments.end());
      break;
    }
    const std::string& name = *word;
    if ((name != "--attached-fd" && name != "--devid") || word + 1 == arguments.end()) {
      return base::fail("unknown or incomplete option " + name);
    }
    ++word;
    if (name == "--devid") {
      const auto devid = parse_devid(*word);
      if (!devid) return base::fail("--devid " + *word + " is no number below 2^32");
      options.devid = *devid;
      continue;
    }
    const auto fd = parse_attached_fd(*word);
    if (!fd) return base::Unexpected{fd.error()};
    options.attached_fd = *fd;
  }
  if (options.backend.empty()) return base::fail("no '-- BACKEND': the program to start");
  return options;
}

int run_export(const ExportOptions& options) {
  base::io::ignore_sigpipe();
  auto rights = rights_of_environment();
  if (!rights) return ended(1, rights.error().text);
  auto target = take_standard_streams();
  if (!target) return ended(1, target.error().text);
  auto backend = BackendProcess::start(options.backend);
  if (!backend) return ended(1, backend.error().text);
  // Open to the end, which it tells as well.
  const Fd watcher(options.attached_fd.value_or(-1));
  const int code =
      serve(std::move(*target), backend->take_stream(), std::move(*rights), options.devid, watcher);
  backend->wait();
  return code;
}

}  // namespace usbproxy::io
