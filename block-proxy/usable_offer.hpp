// SPDX-License-Identifier: GPL-2.0-or-later
// Whether what a server offers can be the device that dom0 decided on.
#pragma once

#include "base/wire/result.hpp"
#include "block-proxy/attach_request.hpp"
#include "block-proxy/nbd/client_handshake.hpp"
#include "block-proxy/nbd/export.hpp"

namespace blockproxy {

// The device as its user is to see it: sectors of 512 to 4096 bytes, written only if both the
// request and the server let it be. An error where it cannot be what was asked for: a device that
// must not be written, of a server that would let itself be written, is refused.
base::Result<nbd::Export> usable_offer(const AttachRequest& request, const nbd::Offer& untrusted);

}  // namespace blockproxy
