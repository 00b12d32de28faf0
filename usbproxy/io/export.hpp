// SPDX-License-Identifier: GPL-2.0-or-later
// sys-usb's end for a target that has Qubes' own usb-import: a backend, the USB firewall in front
// of it, and USB/IP on stdin and stdout.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/wire/result.hpp"

namespace usbproxy::io {

struct ExportOptions {
  std::vector<std::string> backend;  // the program and its arguments
  std::optional<int> attached_fd;    // told our process id, a line, once the device is introduced
  // usbip-host's number of the device, for the line. Nobody looks at it.
  std::uint32_t devid = (1U << 16U) | 1U;
  bool help = false;

  static base::Result<ExportOptions> parse(const std::vector<std::string>& arguments);
};
extern const char* const export_usage;

// The exit code.
int run_export(const ExportOptions& options);

}  // namespace usbproxy::io
