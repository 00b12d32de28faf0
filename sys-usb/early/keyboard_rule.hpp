// SPDX-License-Identifier: GPL-2.0-or-later
// Which devices may be used before the disk is open: keyboards that are nothing else, and the hubs
// on the way to them.
#pragma once

#include <string>

#include "sys-usb/early/descriptors.hpp"
#include "sys-usb/early/early_config.hpp"

namespace sysusb::early {

enum class Role { refused, hub, keyboard };

struct Verdict {
  Role role = Role::refused;
  std::string why = {};  // for the log; numbers only, no text of the device
};

// `keyboards`: how many are in use already.
Verdict judge(const EarlyConfig& config, const Place& place,
              const base::Result<DescribedDevice, DescriptorError>& described, unsigned keyboards);

}  // namespace sysusb::early
