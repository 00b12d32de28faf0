// SPDX-License-Identifier: GPL-2.0-or-later
// Random numbers that are the same with every compiler and library: splitmix64 and Box-Muller.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string_view>

namespace base::typing::traces {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  // Each name has its own numbers, whatever stands before it in a table (FNV-1a).
  Random(std::string_view name, std::uint64_t seed) : state_(0xcbf29ce484222325U) {
    for (const char character : name)
      state_ = (state_ ^ static_cast<unsigned char>(character)) * 0x100000001b3U;
    state_ += seed * 0x2545f4914f6cdd1dU;
  }

  std::uint64_t bits() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }

  double unit() { return static_cast<double>(bits() >> 11U) * 0x1.0p-53; }  // [0, 1)
  double between(double low, double high) { return low + (high - low) * unit(); }
  bool chance(double probability) { return unit() < probability; }

  double normal(double mean, double deviation) {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - unit()));
    return mean + deviation * radius * std::cos(2.0 * std::numbers::pi * unit());
  }

  // Mean 1; `sigma` is the deviation of the logarithm.
  double lognormal(double sigma) { return std::exp(normal(-sigma * sigma / 2.0, sigma)); }

 private:
  std::uint64_t state_;
};

}  // namespace base::typing::traces
