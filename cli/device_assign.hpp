// SPDX-License-Identifier: GPL-2.0-or-later
// `qvm-usb assign` and `unassign`: which device a qube is to get whenever both are there.
#pragma once

#include "cli/device_context.hpp"

namespace cli {

Outcome assign_device(DeviceContext& context);
Outcome unassign_devices(DeviceContext& context);

// The second half of `attach --persistent`; `name` has its device id.
Outcome assign_required(DeviceContext& context, const DeviceName& name);

}  // namespace cli
