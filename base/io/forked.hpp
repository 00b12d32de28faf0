// SPDX-License-Identifier: GPL-2.0-or-later
// What a process that was forked without exec lets go of, before its sandbox.
#pragma once

#include <cstdint>
#include <vector>

#include "base/io/fd.hpp"

namespace base::io {

// Besides these only stdin, stdout and stderr stay open.
void close_all_but(std::vector<int> keep);
// Both limits of an RLIMIT_ constant.
Status limit_resource(int what, std::uint64_t value);
// Address space that is mapped now: the parent may hold much, and a limit counts from there.
Result<std::uint64_t> mapped_bytes();

}  // namespace base::io
