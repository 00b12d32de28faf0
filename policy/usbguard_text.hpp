// SPDX-License-Identifier: GPL-2.0-or-later
// A rule of USBGuard as the word of policy's `usb=`; the other way is parse_usbguard_word().
#pragma once

#include <string>

#include "policy/usbguard_rule.hpp"

namespace policy {

// Without target, label and conditions; `id,*:*`, which every device has, of a rule that asks
// nothing. Printable ASCII without blanks, whatever the texts are.
std::string usbguard_word(const UsbguardRule& rule);

}  // namespace policy
