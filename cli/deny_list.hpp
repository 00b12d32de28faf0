// SPDX-License-Identifier: GPL-2.0-or-later
// A qube's deny list: interfaces that devices given to it must not have.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/admin_call.hpp"

namespace cli {

// A pattern is an interface code in which '*' stands for any digit, "u0e****".
using InterfacePatterns = std::vector<std::string>;

inline constexpr std::size_t max_denied = 4096;

// The daemon's list: one pattern after the other, in lines or not. Lower case, as they are
// compared.
base::Result<InterfacePatterns> parse_denied(std::string_view untrusted);
// What a person writes: may be shorter ("u0e" is "u0e****") and in capitals.
base::Result<std::string> parse_pattern(std::string_view text);

base::Result<InterfacePatterns, AdminFailure> denied_interfaces(const Admin& admin,
                                                                const std::string& qube);
// True if a pattern matches one of the codes.
bool is_denied(const InterfacePatterns& patterns, const std::vector<std::string>& codes);

}  // namespace cli
