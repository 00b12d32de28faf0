// SPDX-License-Identifier: GPL-2.0-or-later
// A US keyboard and a roll of strokes: what a trace is made of before it is a list of events.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/base/typing/typing_traces.hpp"

namespace base::typing::traces {

namespace code {
constexpr std::uint16_t escape = 1, backspace = 14, tab = 15, enter = 28, left_ctrl = 29;
constexpr std::uint16_t left_shift = 42, left_alt = 56, space = 57, left_meta = 125;
constexpr std::uint16_t right_shift = 54, keypad_7 = 71, up = 103, left = 105, right = 106;
constexpr std::uint16_t down = 108;
}  // namespace code

// A character on that keyboard, and the finger of touch typing that presses it: 0 to 3 are the left
// hand from the little finger, 4 the thumbs, 5 to 8 the right hand from the index finger.
struct Key {
  std::uint16_t code = 0;
  bool shift = false;
  int finger = 4;
};
Key key_of(char character);  // space for what the keyboard does not have

// How the two are typed one after the other.
enum class Digraph { repeat, same_finger, same_hand, other_hand, roll };
Digraph digraph_of(char first, char second);

// Strokes in milliseconds since the stream began. They may overlap and come in any order.
class Roll {
 public:
  void stroke(std::uint16_t key, double at, double hold);
  // Events in order of time, seen through a keyboard that is polled every `poll` milliseconds;
  // a key that is down again before it came up is let go first.
  std::vector<KeyEvent> events(double poll) const;

 private:
  struct Stroke {
    std::uint16_t code;
    double at;
    double hold;
  };
  std::vector<Stroke> strokes_;
};

// The text people and payloads type; both have their pangrams, capitals and punctuation.
std::string_view prose();
std::string_view payload_text();

}  // namespace base::typing::traces
