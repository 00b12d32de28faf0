// SPDX-License-Identifier: GPL-2.0-or-later
// What was authorised in early boot, as it stands in a file until it is taken back: a line for each
// device, and "over" behind them once that has happened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire/result.hpp"
#include "sys-usb/early/keyboard_rule.hpp"

namespace sysusb::early {

inline constexpr std::size_t max_record = std::size_t{64} * 1024;

struct Authorised {
  Role role = Role::keyboard;
  std::string name = {};     // in sysfs: "1-2.1", "usb1"
  std::uint32_t number = 0;  // devnum: another device at the same port has another one
  friend bool operator==(const Authorised&, const Authorised&) = default;
};

enum class Phase { running, over };

struct EarlyRecord {
  Phase phase = Phase::running;
  std::vector<Authorised> devices = {};
};

// A name that a USB device has in sysfs, as against an interface or a path.
bool valid_device_name(std::string_view text);

inline constexpr std::string_view over_line = "over\n";
std::string line_of(const Authorised& device);
// The error says which line is none. An unfinished last line is one.
base::Result<EarlyRecord> parse_early_record(std::string_view text);

}  // namespace sysusb::early
