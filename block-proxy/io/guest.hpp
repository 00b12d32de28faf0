// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-block-guest: a block device of another qube as a drive of a QEMU guest without an
// agent.
#pragma once

#include "base/io/guest_program.hpp"

namespace blockproxy::io {

extern const char* const guest_usage;

// The service, from its request to the end of the attachment. The exit code, after the reason on
// stderr: 0 it ended as attachments do, 126 refused by policy, 127 no such service, 1 else.
int run_guest(const base::io::GuestOptions& options);

}  // namespace blockproxy::io
