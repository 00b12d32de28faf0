// SPDX-License-Identifier: GPL-2.0-or-later
// The NBD handshake of either side, over a connected stream.
#pragma once

#include <chrono>
#include <string>

#include "base/io/fd.hpp"
#include "block-proxy/nbd/client_handshake.hpp"
#include "block-proxy/nbd/export.hpp"

namespace blockproxy::io {

// As a client. Blocks, at most 15 s in all. Nothing beyond the handshake is read; a server that
// says more is refused.
base::Result<nbd::Offer> shake_hands(const base::io::Fd& stream, const std::string& export_name,
                                     nbd::Replies replies);

// As a server whose requests another one answers: with simple replies. Blocks until the client has
// chosen, at most until the deadline; a client that sends requests before it was answered is
// refused.
base::Status answer_handshake(const base::io::Fd& stream, const nbd::Export& offered,
                              std::chrono::steady_clock::time_point deadline);

}  // namespace blockproxy::io
