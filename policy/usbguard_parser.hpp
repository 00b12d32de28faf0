// SPDX-License-Identifier: GPL-2.0-or-later
// Reads one rule of USBGuard's language, all of it, whether or not Sallyport can judge by it.
#pragma once

#include <optional>
#include <string_view>

#include "base/wire/result.hpp"
#include "policy/usbguard_rule.hpp"

namespace policy {

inline constexpr std::size_t max_usbguard_line = 4096;
inline constexpr std::size_t max_usbguard_values = 64;  // of one set

// Nothing for a blank line or a comment.
base::Result<std::optional<UsbguardRule>, UsbguardMistake> parse_usbguard_line(
    std::string_view line);

// What stands behind the target of a rule, as one word: every blank is a comma, and there is no
// comment: `id,0951:1666,with-interface,one-of{08:06:50,08:06:62}`. The target stays `block`.
base::Result<UsbguardRule, UsbguardMistake> parse_usbguard_word(std::string_view word);

}  // namespace policy
