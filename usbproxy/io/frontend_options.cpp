// SPDX-License-Identifier: GPL-2.0-or-later
// Command line of the frontend.
#include "usbproxy/io/frontend_options.hpp"

#include <charconv>

#include "usbproxy/io/standard_streams.hpp"

namespace usbproxy::io {

const char* const frontend_usage =
    "usage: sallyport-usb-frontend [--agent-socket PATH] [--devices-socket PATH] [--sysfs DIR]\n"
    "                              [--direct-vhci] [--stream-fd N [--identity DEVICE_ID]]\n"
    "                              [--option KEY=VALUE]... [--usbip [--attached-fd N]]\n"
    "Service qubes.USBAttach: puts a device of another qube on this qube's virtual USB\n"
    "controller. stdin: 'BACKEND PORT', then optionally 'identity DEVICE_ID' and lines of\n"
    "'option KEY VALUE', which an empty line ends.\n"
    "  --stream-fd N    use the open stream N, read nothing from stdin\n"
    "  --direct-vhci    attach without sallyport-devices (as root)\n"
    "  --option KEY=VALUE  with --stream-fd or --usbip: read-only=yes, interfaces=LIST,\n"
    "                   vendor-requests=yes|no, firmware=yes, auto-typing=yes\n"
    "  --usbip          the backend is Qubes' own qubes.USB, on stdin and stdout unless\n"
    "                   --stream-fd is given; no request is read\n"
    "  --attached-fd N  with --usbip: gets our process id, a line, once attached\n";

namespace {

base::Status take_option(const std::string& text, firewall::Rights& rights) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) return base::fail("--option " + text + " is not KEY=VALUE");
  return rights.set(text.substr(0, equals), text.substr(equals + 1));
}

base::Result<int> parse_stream_fd(const std::string& text) {
  int fd = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), fd);
  if (error != std::errc{} || end != text.data() + text.size() || fd < 0) {
    return base::fail("--stream-fd " + text + " is no file descriptor");
  }
  return fd;
}

}  // namespace

base::Result<FrontendOptions> FrontendOptions::parse(const std::vector<std::string>& arguments) {
  FrontendOptions options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    if (name == "--help") {
      options.help = true;
      continue;
    }
    if (name == "--direct-vhci") {
      options.vhci.direct = true;
      continue;
    }
    if (name == "--usbip") {
      options.usbip = true;
      continue;
    }
    if (i + 1 == arguments.size()) return base::fail("unknown or incomplete option " + name);
    const std::string& value = arguments[++i];
    if (name == "--agent-socket") {
      options.agent_socket = value;
    } else if (name == "--devices-socket") {
      options.vhci.devices_socket = value;
    } else if (name == "--sysfs") {
      options.vhci.sysfs = value;
    } else if (name == "--identity") {
      options.identity = value;
    } else if (name == "--option") {
      if (auto taken = take_option(value, options.rights); !taken) {
        return base::Unexpected{taken.error()};
      }
    } else if (name == "--stream-fd" || name == "--attached-fd") {
      const auto fd = name == "--stream-fd" ? parse_stream_fd(value) : parse_attached_fd(value);
      if (!fd) return base::Unexpected{fd.error()};
      (name == "--stream-fd" ? options.stream_fd : options.attached_fd) = *fd;
    } else {
      return base::fail("unknown option " + name);
    }
  }
  if (options.attached_fd && !options.usbip) return base::fail("--attached-fd without --usbip");
  return options;
}

}  // namespace usbproxy::io
