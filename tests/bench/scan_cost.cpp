// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/scan_cost.hpp"

#include <sys/resource.h>

namespace bench {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double processor_time() {
  double all = 0;
  for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    ::getrusage(who, &usage);
    all += seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }
  return all;
}

}  // namespace

Meter::Meter() : start_(std::chrono::steady_clock::now()), cpu_(processor_time()) {}

Cost Meter::cost() const {
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start_;
  return {.wall = wall.count(), .cpu = processor_time() - cpu_};
}

}  // namespace bench
