// SPDX-License-Identifier: GPL-2.0-or-later
// One line of USBGuard's rule language.
#pragma once

#include <optional>
#include <string_view>

#include "policy/usbguard_rules.hpp"

namespace policy {

// Nothing for a blank line or a comment. The error is the text behind "FILE:LINE: ".
base::Result<std::optional<UsbguardRule>> parse_usbguard_line(std::string_view line);

}  // namespace policy
