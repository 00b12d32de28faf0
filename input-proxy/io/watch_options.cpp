// SPDX-License-Identifier: GPL-2.0-or-later
// The watcher's command line.
#include "input-proxy/io/input_watch.hpp"

namespace inputproxy::io {

const char* const watch_usage =
    "usage: sallyport-input-watch [--target QUBE] [--phys PREFIX]... [--devices-socket PATH]\n"
    "           [--agent-socket PATH] [--call PATH] [--sender PATH] [--sysfs DIR]\n"
    "           [--switches DIR]\n"
    "Forwards this qube's keyboards, mice and tablets, each with a call of qubes.InputKeyboard,\n"
    "qubes.InputMouse or qubes.InputTablet.\n"
    "  --target QUBE          who gets them instead of dom0\n"
    "  --phys PREFIX          only devices that are plugged in there, as evdev says it\n"
    "                         (usb-0000:00:14.0-2); may be given several times\n"
    "  --devices-socket PATH  the devices are opened by sallyport-devices\n";

base::Result<WatchOptions> WatchOptions::parse(const std::vector<std::string>& arguments) {
  WatchOptions options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--help") {
      options.help = true;
      return options;
    }
    if (i + 1 == arguments.size()) return base::fail("unknown or incomplete option " + word);
    const std::string& value = arguments[++i];
    if (word == "--target") {
      options.target = value;
    } else if (word == "--phys") {
      options.only_phys.push_back(value);
    } else if (word == "--devices-socket") {
      options.devices_socket = value;
    } else if (word == "--agent-socket") {
      options.agent_socket = value;
    } else if (word == "--call") {
      options.call = value;
    } else if (word == "--sender") {
      options.sender = value;
    } else if (word == "--sysfs") {
      options.sysfs = value;
    } else if (word == "--switches") {
      options.switches = value;
    } else {
      return base::fail("unknown option " + word);
    }
  }
  return options;
}

}  // namespace inputproxy::io
