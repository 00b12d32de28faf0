// SPDX-License-Identifier: GPL-2.0-or-later
// The last word to a client of a SOCK_SEQPACKET that is not listened to.
#pragma once

#include <string_view>

#include "base/io/fd.hpp"

namespace base::io {

// Says `word` so that it arrives: what the client has sent is dropped first, and nothing more is
// taken, because a socket that is closed over unread requests takes its own answer back
// (ECONNRESET). One that does not listen loses it. Never waits.
void say_last(const Fd& client, std::string_view word);

}  // namespace base::io
