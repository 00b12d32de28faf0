// SPDX-License-Identifier: GPL-2.0-or-later
// What kind of device its interface codes make it, and the one line that describes it to people.
//
// Pure. An interface code is a class letter (u usb, p pci, b block, m microphone, ? unknown) and
// six hex digits, "u080650". Categories and the line's form are Qubes'.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace base::device {

inline constexpr std::size_t interface_code_size = 7;

// "Keyboard", "USB_Storage", ... or "Other". Hex digits count without regard to case, so that
// "u0E0100" cannot pass for something else than "u0e0100".
std::string_view category_of(std::string_view interface_code);

// The category of this name, without regard to case, as it is written here; empty if none is.
std::string_view category_named(std::string_view name);
// Is it one of the interface's categories, the best or not? A keyboard is in Input too.
bool in_category(std::string_view interface_code, std::string_view name);

// The USB-IF's name of an interface class ("Mass Storage"); empty if it has none.
std::string_view usb_class_name(std::string_view interface_code);

// Everything known about a device by name; empty or "unknown" counts as not known. Only vendor and
// product come from the ID database; the others are the device's claims.
struct DeviceNames {
  std::string device_class = "usb";
  std::string vendor;
  std::string product;
  std::string manufacturer;
  std::string name;
  std::string serial;
  std::string parent;  // "sys-usb:2-1.4" for a device inside another
  std::vector<std::string> interfaces;
};

// "Keyboard: Logitech, Inc. Unifying Receiver"
std::string describe(const DeviceNames& names);

}  // namespace base::device
