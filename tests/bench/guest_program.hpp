// SPDX-License-Identifier: GPL-2.0-or-later
// What the parts of bench_guest share: the machine's clock, and how a failure is told.
#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace bench_guest {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// With errno's text; the exit status of a failure.
inline int complain(const char* what) {
  std::perror(what);
  return EXIT_FAILURE;
}

}  // namespace bench_guest
