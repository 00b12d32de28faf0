// SPDX-License-Identifier: GPL-2.0-or-later
// The NBD handshake of a client, over a connected stream.
#pragma once

#include <string>

#include "base/io/fd.hpp"
#include "block-proxy/nbd/client_handshake.hpp"

namespace blockproxy::io {

// Blocks, at most 15 s in all. Nothing beyond the handshake is read; a server that says more is
// refused.
base::Result<nbd::Offer> shake_hands(const base::io::Fd& stream, const std::string& export_name,
                                     nbd::Replies replies);

}  // namespace blockproxy::io
