// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/io/guest.hpp"

namespace usbproxy::io {

const char* const guest_usage =
    "usage: sallyport-usb-guest --qmp PATH [--agent-socket PATH]\n"
    "Service qubes.USBAttach of a guest without an agent: puts a USB device of another qube into\n"
    "its QEMU, whose monitor is at PATH. stdin: 'BACKEND PORT', then optionally\n"
    "'identity DEVICE_ID' and lines of 'option KEY VALUE', which an empty line ends.\n";

base::Result<GuestOptions> GuestOptions::parse(const std::vector<std::string>& arguments) {
  GuestOptions options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    if (name == "--help") {
      options.help = true;
      return options;
    }
    if (i + 1 == arguments.size()) return base::fail("unknown or incomplete option " + name);
    const std::string& value = arguments[++i];
    if (name == "--agent-socket") {
      options.agent_socket = value;
    } else if (name == "--qmp") {
      options.monitor = value;
    } else {
      return base::fail("unknown option " + name);
    }
  }
  if (options.monitor.empty()) return base::fail("--qmp must be given: QEMU's monitor socket");
  return options;
}

}  // namespace usbproxy::io
