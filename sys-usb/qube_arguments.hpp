// SPDX-License-Identifier: GPL-2.0-or-later
// The command line of sallyport-qube as a value.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/wire/result.hpp"
#include "sys-usb/qube_command.hpp"

namespace sysusb {

enum class QubeVerb { help, start, stop, status, list, plug, unplug };

struct QubeArguments {
  QubeVerb verb = QubeVerb::help;
  std::string name;
  std::string root = "/";
  std::string images = "/usr/lib/sallyport/images";
  std::string qemu = "qemu-system-x86_64";
  std::string dial;                        // empty: beside this program, or where it is installed
  std::string user;                        // start as root: QEMU runs as this user
  std::optional<Accelerator> accelerator;  // nullopt: found out by a short boot
  std::chrono::seconds wait{20};
  std::vector<std::string> more;

  std::string plug_id;
  std::string plug_image;
  std::string plug_driver;
  bool plug_readonly = false;
};

extern const char* const qube_usage;

// `words`: without the program's name.
base::Result<QubeArguments> parse_qube_arguments(const std::vector<std::string>& words);

}  // namespace sysusb
