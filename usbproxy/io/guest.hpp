// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-usb-guest: a USB device of another qube in a QEMU guest without an agent.
#pragma once

#include "base/io/guest_program.hpp"

namespace usbproxy::io {

extern const char* const guest_usage;

// The service, from its request to the end of the attachment. The exit code, after the reason on
// stderr: 0 it ended as attachments do, 126 refused by policy, 127 no such service, 1 else.
//
// Two processes. This one has QEMU's monitor, which could do anything to the guest, and reads
// nothing of the backend's; the other is the firewall.
int run_guest(const base::io::GuestOptions& options);

}  // namespace usbproxy::io
