// SPDX-License-Identifier: GPL-2.0-or-later
// `qvm-usb attach` and `detach`: what a qube uses now.
#pragma once

#include "cli/device_context.hpp"

namespace cli {

Outcome attach_device(DeviceContext& context);
Outcome detach_devices(DeviceContext& context);

}  // namespace cli
