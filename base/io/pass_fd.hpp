// SPDX-License-Identifier: GPL-2.0-or-later
// Sends and receives small messages with file descriptors over an AF_UNIX socket (SCM_RIGHTS).
#pragma once

#include <cstddef>
#include <vector>

#include "base/io/fd.hpp"
#include "base/wire/reader.hpp"

namespace base::io {

inline constexpr std::size_t max_passed_fds = 4;

struct Message {
  bool would_block = false;     // a non-blocking socket had nothing: readiness is only a hint
  std::vector<std::byte> data;  // empty (and not would_block): the peer closed
  std::vector<Fd> fds;          // close-on-exec
};

// One sendmsg: for SOCK_SEQPACKET a whole message, for SOCK_STREAM the fds travel with the first
// byte. `data` must not be empty. Blocks as the socket does.
Status send_message(const Fd& socket, wire::Bytes data, const std::vector<const Fd*>& fds = {});
// The same, of a question: a peer that refused and went before it heard it is no error here, for
// what it said is still to be received, or else its end.
Status send_question(const Fd& socket, wire::Bytes data, const std::vector<const Fd*>& fds = {});
// One recvmsg of at most `limit` bytes. A truncated message or control part is an error, and every
// fd that came with it is closed.
Result<Message> receive_message(const Fd& socket, std::size_t limit);

}  // namespace base::io
