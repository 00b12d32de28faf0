// SPDX-License-Identifier: GPL-2.0-or-later
// The words of USBGuard's rule language: operators, ids, interfaces, texts.
//
// Read as strictly as USBGuard 1.1.2 reads them, which is stricter than its manual: of escapes it
// takes `\\`, `\"` and `\xHH` only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/usbguard_rule.hpp"

namespace policy {

std::optional<UsbguardOperator> usbguard_operator(std::string_view word);
std::string_view name_of(UsbguardOperator op);

// "0951:1666", "0951:*", "*:*"
std::optional<UsbguardId> usbguard_id(std::string_view word);
std::string text_of(const UsbguardId& id);

// "08:06:50", "08:06:*", "08:*:*"
std::optional<UsbguardInterface> usbguard_interface(std::string_view word);
std::string text_of(const UsbguardInterface& interface);

// What a text in quotes means; `rest` begins behind the first quote and is left behind the last.
// Nothing: it does not end, or has an unknown escape, and `rest` begins with what is wrong.
std::optional<std::string> take_usbguard_text(std::string_view& rest);
// In quotes, printable ASCII without blanks: everything else is \xHH.
std::string quoted_usbguard_text(std::string_view untrusted);

}  // namespace policy
