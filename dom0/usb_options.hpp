// SPDX-License-Identifier: GPL-2.0-or-later
// What an attachment may do with a device: what was asked for, what the rule that lets it happen
// says, and what of it is told to the two ends.
//
// Pure. USB devices have the options read-only (yes, no), interfaces (base/device/
// interface_choice.hpp), vendor-requests, firmware and auto-typing (yes, no). None of them: the
// device's usual rights, which both ends know.
#pragma once

#include <string>

#include "base/device/properties.hpp"
#include "base/wire/result.hpp"
#include "dom0/device.hpp"
#include "policy/device_terms.hpp"

namespace dom0 {

// Those known, each with a value that it can have, without read-only=no, which is the usual. What
// an assignment keeps.
base::Result<base::device::Properties> check_usb_options(const base::device::Properties& given);

// Who says yes to what goes beyond the usual: nobody but a rule that names it, or a person, asked
// now or before.
enum class Consent { of_rule_alone, of_person };

// `asked`, checked, for a device of whatever class, under the terms of a rule (FILE:LINE). A rule
// only narrows what was asked for, but for vendor-requests, firmware and auto-typing with yes. An
// error is for the user.
base::Result<base::device::Properties> under_terms(const base::device::Properties& asked,
                                                   const Device& device,
                                                   const policy::DeviceTerms& terms,
                                                   const std::string& rule, Consent consent);

// For people: "read only", "read and write", "only interfaces 0,2; its firmware may be written";
// empty: nothing to be said.
std::string access_text(const base::device::Properties& options);

// For the backend of a USB device: "read-only=yes interfaces=0,2", at most 255 characters.
std::string usb_words(const base::device::Properties& options);

}  // namespace dom0
