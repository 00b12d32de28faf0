// SPDX-License-Identifier: GPL-2.0-or-later
// The command line of qvm-device, qvm-usb and qvm-block, as a value.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/device/properties.hpp"
#include "cli/arguments.hpp"
#include "cli/device_specs.hpp"

namespace cli {

// What a program leaves behind.
struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

inline constexpr int exit_failure = 1;
inline constexpr int exit_usage = 2;

struct DeviceCommand {
  DeviceAction action = DeviceAction::list;
  std::string prog;          // "qvm-usb"
  std::string usage;         // the main one, for errors that are found later
  std::string device_class;  // "usb"
  std::vector<std::string> qubes;
  std::string device;  // "BACKEND:PORT_ID[:DEVICE_ID]" as given; empty: none
  base::device::Properties options;
  std::vector<std::string> exclude;
  bool all = false;
  bool assignments = false;  // list --assignments
  bool address = false;      // list --with-sbdf
  bool persistent = false;
  std::string mode = "auto-attach";  // of an assignment
  bool only_port = false;
  bool only_device = false;
  bool json = false;
  bool quiet = false;
  int verbosity = 0;

  bool required() const { return mode == "required"; }
};

// Either a command, or an outcome if there is nothing more to do (help, version, usage errors).
// `program` is argv[0]: its name decides the class, "qvm-device" takes it as first argument.
base::Result<DeviceCommand, Outcome> parse_device_command(std::string_view program,
                                                          const Words& words, std::size_t columns);

}  // namespace cli
