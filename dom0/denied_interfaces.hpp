// SPDX-License-Identifier: GPL-2.0-or-later
// The interfaces that a qube must never get: Qubes' property devices_denied.
//
// Pure. A list is seven-character patterns in a row, "u0e****u030101": a class letter (b, u, m, p
// or *) and six hex digits or '*'. Case does not count: a device's id in upper case is no way out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/wire/result.hpp"
#include "dom0/device.hpp"

namespace dom0 {

inline constexpr std::size_t max_denied_interfaces = 1000;

// "u0e****u030101" in pieces, lower case, in the order given, repetitions kept.
base::Result<std::vector<std::string>> parse_interface_list(std::string_view untrusted);
// Sorted, each once, in a row.
std::string format_interface_list(std::vector<std::string> interfaces);

// The first interface of the device that the list denies ("u0e0100"); empty: none.
std::string denied_interface(std::string_view denied, const Device& device);

}  // namespace dom0
