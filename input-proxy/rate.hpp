// SPDX-License-Identifier: GPL-2.0-or-later
// A token bucket: so many a second, with a reserve for bursts.
#pragma once

#include <algorithm>
#include <chrono>

namespace inputproxy {

class Rate {
 public:
  // `burst` tokens are there at first and are the most that gather.
  Rate(double per_second, double burst) : per_second_(per_second), burst_(burst), tokens_(burst) {}

  // Takes one, on credit if need be. What the caller has to wait before it takes more; monotonic.
  std::chrono::nanoseconds take(std::chrono::nanoseconds now) {
    if (now > last_) {
      const std::chrono::duration<double> passed = now - last_;
      tokens_ = std::min(burst_, tokens_ + passed.count() * per_second_);
      last_ = now;
    }
    tokens_ -= 1;
    if (tokens_ >= 0) return std::chrono::nanoseconds(0);
    const std::chrono::duration<double> wait(-tokens_ / per_second_);
    return std::chrono::duration_cast<std::chrono::nanoseconds>(wait);
  }

 private:
  double per_second_;
  double burst_;
  double tokens_;
  std::chrono::nanoseconds last_{0};
};

}  // namespace inputproxy
