// SPDX-License-Identifier: GPL-2.0-or-later
// Policy for the USB devices that are there now: these, and what becomes of all others.
//
// Pure. What a device says of itself is untrusted text and stands in the lines escaped.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/wire/result.hpp"
#include "policy/device_facts.hpp"

namespace policy {

struct UsbPolicy {
  enum class Rest : std::uint8_t { deny, ask };

  // The qube that may have the devices; empty: a person is asked, whichever qube it is.
  std::string target = {};
  Rest rest = Rest::deny;
};

// A device that cannot be told from others for sure is a comment that says why. Each line names the
// ids, the texts, USBGuard's hash if it is known, and all described interfaces in their order; a
// device without a serial number also its port, since its twin would be taken for it.
base::Result<std::string> generate_usb_policy(const std::vector<DeviceFacts>& devices,
                                              const UsbPolicy& policy);

}  // namespace policy
