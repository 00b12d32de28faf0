// SPDX-License-Identifier: GPL-2.0-or-later
// Typist: a person at a keyboard, as statistics describe one.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/base/typing/keyboard.hpp"
#include "tests/base/typing/random.hpp"

namespace base::typing::traces {

// Intervals are lognormal around a mean that depends on the two letters (Dhakal 2018: letters of
// different hands are faster, rolls of neighbouring fingers fastest), and drifts over some words;
// holds are lognormal around a mean of the key. Rollover is not drawn: it follows from the two.
struct Typist {
  const char* name = "";
  const char* source = "";
  double interval = 238.7;      // mean press to press, ms
  double interval_sigma = 0.3;  // deviation of the logarithm for the same two letters
  double hold = 116;
  double hold_sigma = 0.22;
  double poll = 8;
  double start = 2000;
  bool touch = true;           // false: every pair alike, as with one finger
  double pause_chance = 0.01;  // before any key
  double pause = 900;
  double typos = 0.03;
  std::size_t strokes = 240;
  std::string_view text = {};  // empty: prose()
  double scale = 1;            // of all times
};

Trace type(const Typist& typist, std::uint64_t seed);

// The tables and scenes of the human_*.cpp files.
std::vector<Typist> typists();
std::vector<Trace> scenes(std::uint64_t seed);

}  // namespace base::typing::traces
