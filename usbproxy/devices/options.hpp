// SPDX-License-Identifier: GPL-2.0-or-later
// The command line of sallyport-devices.
#pragma once

#include <optional>
#include <string>

#include "usbproxy/devices/helper.hpp"

namespace usbproxy::devices {

struct Options {
  HelperConfig config;
  std::string socket;
  std::optional<std::string> group;  // by name; config.group is not yet set
};

// nullopt: help was shown. Throws boost::program_options::error.
std::optional<Options> parse_options(int argc, char** argv);

}  // namespace usbproxy::devices
