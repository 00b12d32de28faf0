// SPDX-License-Identifier: GPL-2.0-or-later
// Machine: a device that plays a text with the timing its script or firmware gives it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/base/typing/keyboard.hpp"
#include "tests/base/typing/random.hpp"

namespace base::typing::traces {

// A random duration in milliseconds.
struct Delay {
  enum class Shape { constant, uniform, gaussian, lognormal };
  Shape shape = Shape::constant;
  double a = 0;  // the value, the lowest, the mean, the mean
  double b = 0;  // -, the highest, the deviation, the deviation of the logarithm

  double draw(Random& random) const;
};
constexpr Delay constant(double value) { return {Delay::Shape::constant, value, 0}; }
constexpr Delay uniform(double low, double high) { return {Delay::Shape::uniform, low, high}; }
constexpr Delay gaussian(double mean, double sd) { return {Delay::Shape::gaussian, mean, sd}; }
constexpr Delay lognormal(double mean, double sigma) {
  return {Delay::Shape::lognormal, mean, sigma};
}

struct Machine {
  const char* name = "";
  const char* source = "";
  Kind kind = Kind::fast;
  Delay hold = constant(1);      // press to release
  Delay interval = constant(2);  // press to press
  // Firmware that waits for the release before the next press: the interval is hold + gap.
  Delay gap = constant(-1);
  double poll = 1;          // interrupt interval
  double start = 1500;      // the usual DELAY before a payload
  double line_pause = 300;  // DELAY after each line
  std::size_t burst = 0;    // keys between pauses; 0: none
  double burst_pause = 0;
  std::size_t presses = 150;   // strokes, without Shift
  std::string_view text = {};  // empty: payload_text()
  bool run_dialog = true;      // begins with GUI r in one report
};

Trace play(const Machine& machine, std::uint64_t seed);

// The tables of the payload_*.cpp files.
std::vector<Machine> fast_machines();
std::vector<Machine> slow_machines();
std::vector<Machine> jittered_machines();
std::vector<Machine> human_like_machines();

}  // namespace base::typing::traces
