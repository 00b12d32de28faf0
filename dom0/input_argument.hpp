// SPDX-License-Identifier: GPL-2.0-or-later
// The argument of an input service: which physical device a qube says that it forwards.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dom0 {

// Qubes' "+[PORT+]PRODUCT[+UNIQ]": PORT is evdev's phys without its last part and with ':' as '_'
// ("usb-0000_00_05.0-2.4"), PRODUCT "BUS-VENDOR-PRODUCT-VERSION" in hexadecimal. A claim like any
// other of the qube.
struct InputArgument {
  std::string port_path;  // "2.4": ports from the root hub on; empty: not on USB
  std::uint16_t vendor_id = 0;
  std::uint16_t product_id = 0;
  friend bool operator==(const InputArgument&, const InputArgument&) = default;
};
// Nothing if it names no device on USB.
std::optional<InputArgument> parse_input_argument(std::string_view untrusted);

// Where the device is plugged in, "usb-0000_00_05.0-2.4": the same for all event nodes of a
// physical device, whatever else they say. Without a port the whole argument. It is the qube's
// word, not the device's.
std::string input_place(std::string_view untrusted_argument);

bool is_input_service(std::string_view service);
bool is_keyboard_service(std::string_view service);

}  // namespace dom0
