// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport-early-usb allow`, `check` and `revoke`: the rule carried out on the machine's bus.
#pragma once

#include "sys-usb/early/early_arguments.hpp"

namespace sysusb::early::io {

// The exit status: 0, or 1 if it could not be done. `allow` ends when `revoke` has run, and does
// nothing if it ran before.
int run_check(const EarlyArguments& arguments);  // reads the operator's file, and nothing else
int run_allow(const EarlyArguments& arguments);
int run_revoke(const EarlyArguments& arguments);

}  // namespace sysusb::early::io
