// SPDX-License-Identifier: GPL-2.0-or-later
// What a qube may do with a device that a rule lets it have: parameters of ours after the action.
// They decide nothing about whether a rule matches.
//
//   read-only=yes           it cannot write, whatever was asked for (USB storage, block devices)
//   interfaces=0,u08****    only these interfaces of a USB device (base/device/
//                           interface_choice.hpp)
//   vendor-requests=yes|no  vendor requests to USB devices without a vendor's interface; to none
//   firmware=yes|no         DFU, and requests that write a USB device's identity or memory
//   auto-typing=yes|no      keys of a USB device that come as no person types them
//
// What the last three allow beyond the usual is had without being asked for; where a rule is
// silent, a person has to say yes to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/device/interface_choice.hpp"
#include "base/wire/result.hpp"

namespace policy {

struct DeviceTerms {
  enum class Word : std::uint8_t { silent, yes, no };

  bool read_only = false;
  base::device::InterfaceChoice interfaces = {};  // every one unless the rule says which
  Word vendor_requests = Word::silent;
  Word firmware = Word::silent;
  Word auto_typing = Word::silent;
  std::string written = {};  // all of it as written, each with a blank before it

  static bool knows(std::string_view key);
  // Sets `key` (which it knows). The error is the text behind "FILE:LINE: ".
  base::Status set(std::string_view key, std::string_view value);
};

}  // namespace policy
