// SPDX-License-Identifier: GPL-2.0-or-later
// The command line of sallyport-devices.
#pragma once

#include <optional>
#include <string>

#include "agent/devices/helper.hpp"

namespace agent::devices {

struct Options {
  HelperConfig config;
  std::string socket;
  std::optional<std::string> group;  // by name; config.group is not yet set
};

// nullopt: help was shown. Throws boost::program_options::error.
std::optional<Options> parse_options(int argc, char** argv);

}  // namespace agent::devices
