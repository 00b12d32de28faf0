// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-block-frontend: a block device of another qube on this qube's kernel.
#pragma once

#include <string>
#include <vector>

#include "agent/devices/client.hpp"
#include "base/io/agent_call.hpp"
#include "base/wire/result.hpp"
#include "block-proxy/attach_request.hpp"
#include "block-proxy/nbd/client_handshake.hpp"

namespace blockproxy::io {

extern const char* const frontend_usage;

// Who carries the bytes between the stream and the device: the kernel's nbd itself, or, for streams
// it does not take (AF_VSOCK: kernel 6.17, drivers/block/nbd.c, nbd_get_socket, and stable kernels
// since), this process with splice(2).
enum class Carry { as_needed, always };

struct FrontendOptions {
  std::string agent_socket = base::io::default_agent_socket;
  std::string devices_socket = agent::devices::default_socket;
  Carry carry = Carry::as_needed;
  bool help = false;

  static base::Result<FrontendOptions> parse(const std::vector<std::string>& arguments);
};

// What the kernel is told of the server's device; an error if it cannot be what was asked for: a
// device that must not be written, of a server that would let itself be written, is refused.
base::Result<agent::devices::NbdRequest> kernel_device(const AttachRequest& request,
                                                       const nbd::Offer& untrusted);

// The service, from its request to the end of the attachment. The exit code, after the reason on
// stderr: 0 it ended as attachments do, 126 refused by policy, 127 no such service, 1 else.
int run_frontend(const FrontendOptions& options);

}  // namespace blockproxy::io
