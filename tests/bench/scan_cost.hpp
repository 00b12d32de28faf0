// SPDX-License-Identifier: GPL-2.0-or-later
// What one scan took.
#pragma once

#include <chrono>

namespace bench {

struct Cost {
  double wall = 0;  // seconds
  double cpu = 0;   // of all processes that took part
};

// From here on; the processor's time of this process and of children that have ended.
class Meter {
 public:
  Meter();
  Cost cost() const;

 private:
  std::chrono::steady_clock::time_point start_;
  double cpu_;
};

}  // namespace bench
