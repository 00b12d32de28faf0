// SPDX-License-Identifier: GPL-2.0-or-later
// Timings: a few durations of keystrokes, and how alike they are.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>

namespace base::typing {

// At most Max durations; more are not taken. Nothing is allocated.
template <std::size_t Max>
class Timings {
 public:
  static constexpr std::size_t max_size = Max;
  using Time = std::chrono::nanoseconds;

  void add(Time value) {
    if (size_ < Max) values_[size_++] = value;
  }
  std::size_t size() const { return size_; }

  template <class Limit>
  std::size_t count_up_to(Limit limit) const {
    std::size_t found = 0;
    for (std::size_t i = 0; i < size_; ++i) found += values_[i] <= limit ? 1U : 0U;
    return found;
  }

  Time mean() const {
    Time sum{0};
    for (std::size_t i = 0; i < size_; ++i) sum += values_[i];
    return size_ == 0 ? sum : sum / static_cast<Time::rep>(size_);
  }

  // The narrowest range that holds all values but `strays`. Strays may be anywhere: a pause is
  // above, a doubled letter below.
  Time spread(std::size_t strays) const {
    if (size_ < strays + 2) return Time::max();
    const auto sorted = in_order();
    const std::size_t kept = size_ - strays;
    Time least = Time::max();
    for (std::size_t i = 0; i + kept <= size_; ++i)
      least = std::min(least, sorted[i + kept - 1] - sorted[i]);
    return least;
  }

  // The least difference between two values that is more than `noise`: what a coarse clock leaves.
  // Zero when there is none.
  template <class Limit>
  Time step(Limit noise) const {
    const auto sorted = in_order();
    Time least{0};
    for (std::size_t i = 1; i < size_; ++i) {
      const Time gap = sorted[i] - sorted[i - 1];
      if (gap > noise && (least == Time{0} || gap < least)) least = gap;
    }
    return least;
  }

  // The coefficient of variation without the `strays` smallest and largest values.
  double variation(std::size_t strays) const {
    if (size_ < 2 * strays + 2) return infinite;
    const auto sorted = in_order();
    double sum = 0;
    double squares = 0;
    for (std::size_t i = strays; i < size_ - strays; ++i) {
      const double value = std::chrono::duration<double, std::milli>(sorted[i]).count();
      sum += value;
      squares += value * value;
    }
    const auto kept = static_cast<double>(size_ - 2 * strays);
    const double mean_value = sum / kept;
    if (mean_value <= 0) return 0;
    return std::sqrt(std::max(0.0, squares / kept - mean_value * mean_value)) / mean_value;
  }

 private:
  static constexpr double infinite = 1e9;

  std::array<Time, Max> in_order() const {
    auto sorted = values_;
    std::sort(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(size_));
    return sorted;
  }

  std::array<Time, Max> values_{};
  std::size_t size_ = 0;
};

}  // namespace base::typing
