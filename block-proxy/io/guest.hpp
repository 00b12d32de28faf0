// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-block-guest: a block device of another qube as a drive of a QEMU guest without an
// agent.
#pragma once

#include <string>
#include <vector>

#include "base/io/agent_call.hpp"
#include "base/wire/result.hpp"

namespace blockproxy::io {

extern const char* const guest_usage;

struct GuestOptions {
  std::string agent_socket = base::io::default_agent_socket;
  std::string monitor;  // QEMU's -qmp socket
  bool help = false;

  static base::Result<GuestOptions> parse(const std::vector<std::string>& arguments);
};

// The service, from its request to the end of the attachment. The exit code, after the reason on
// stderr: 0 it ended as attachments do, 126 refused by policy, 127 no such service, 1 else.
int run_guest(const GuestOptions& options);

}  // namespace blockproxy::io
