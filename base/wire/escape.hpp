// SPDX-License-Identifier: GPL-2.0-or-later
// Makes text from another trust domain safe to show in a terminal, a log line or an error.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace base::wire {

// Printable ASCII stays, everything else (control characters, ESC, quotes' escape, bytes >= 0x7f,
// and so every right-to-left or zero-width trick) becomes \xHH; a backslash is doubled. Longer
// input than `limit` bytes is cut and ends in "...".
std::string escape(std::string_view untrusted, std::size_t limit = 256);

}  // namespace base::wire
