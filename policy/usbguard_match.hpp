// SPDX-License-Identifier: GPL-2.0-or-later
// Whether a rule of USBGuard is about a device, as far as dom0 can tell.
#pragma once

#include <optional>

#include "policy/device_facts.hpp"
#include "policy/usbguard_rule.hpp"

namespace policy {

// What counts where something is not known of the device (its described interfaces, its hash, the
// rest of a text that was cut): of a rule that denies doubt matches, of one that lets in it does
// not.
enum class Doubt : std::uint8_t { differs, matches };

// As USBGuard 1.1.2 compares, with one difference. Its `equals` wants as many values as the device
// has, each of them about one of the device's; two may be about the same one, and another of the
// device's then about none. Where doubt differs, such a device does not match here.
bool usbguard_matches(const UsbguardRule& rule, const DeviceFacts& device, Doubt doubt);

// What dom0 cannot judge by, if the rule asks for such a thing: parent-hash and with-connect-type,
// which are of the machine where the rule was written; conditions that count, throw dice or look
// at a clock; and match-all of anything but interfaces, which in USBGuard 1.1.2 matches always or
// never.
std::optional<UsbguardMistake> usbguard_unknowable(const UsbguardRule& rule);

}  // namespace policy
