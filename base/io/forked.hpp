// SPDX-License-Identifier: GPL-2.0-or-later
// What a process that was forked without exec lets go of, before its sandbox; and its end.
#pragma once

#include <sys/types.h>

#include <chrono>
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

// Waits for a child that is about to end, and kills it when the time is over. Its exit code; 128
// and more: the signal that killed it.
int wait_or_kill(pid_t child, std::chrono::milliseconds patience);

}  // namespace base::io
