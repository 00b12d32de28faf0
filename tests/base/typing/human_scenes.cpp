// SPDX-License-Identifier: GPL-2.0-or-later
// People who use a keyboard but write no text: games, arrows, numbers, chords, and a slow machine.
#include <algorithm>
#include <functional>

#include "tests/base/typing/typist.hpp"

namespace base::typing::traces {
namespace {

std::uint16_t letter(char character) { return key_of(character).code; }

// How evenly people tap: Repp 2005, 2 to 4 % of the interval with music, more without.
void tap(Roll& roll, Random& random, std::string_view keys, double interval, double deviation) {
  double at = 3000;
  for (std::size_t i = 0; i < 200; ++i) {
    roll.stroke(letter(keys[i % keys.size()]), at, std::max(25.0, random.normal(52, 9)));
    at += std::max(45.0, random.normal(interval, deviation));
  }
}

void walk(Roll& roll, Random& random) {  // WASD: W is held, the others are steered with
  double at = 3000;
  for (int i = 0; i < 60; ++i) {
    const double step = random.between(400, 3000);
    roll.stroke(letter('w'), at, step * 0.9);
    double inside = at + random.between(20, 200);
    while (inside < at + step) {
      constexpr std::string_view others = "aadd rre1234";
      const char key = others[static_cast<std::size_t>(random.bits() % others.size())];
      if (random.chance(0.2)) roll.stroke(code::left_shift, inside, random.between(200, 900));
      roll.stroke(letter(key), inside, std::max(35.0, random.normal(120, 60)));
      inside += random.between(90, 700);
    }
    at += step + random.between(10, 300);
  }
}

void lanes(Roll& roll, Random& random) {  // a rhythm game: four lanes, often two at once
  constexpr std::string_view keys = "dfjk";
  double at = 4000;
  for (int i = 0; i < 180; ++i) {
    const auto lane = static_cast<std::size_t>(random.bits() % 4);
    roll.stroke(letter(keys[lane]), at + random.normal(0, 6),
                std::max(30.0, random.normal(70, 12)));
    if (random.chance(0.3))
      roll.stroke(letter(keys[(lane + 1) % 4]), at + random.normal(0, 6), random.normal(70, 10));
    at += random.chance(0.7) ? 125 : 250;
  }
}

void keypad(Roll& roll, Random& random, double interval) {  // 10-key entry, Enter after each number
  double at = 2500;
  for (int i = 0; i < 220; ++i) {
    const bool enter = i % 7 == 6;
    const auto digit = static_cast<std::uint16_t>(code::keypad_7 + random.bits() % 11);
    const double hold = 82 * random.lognormal(0.2);
    roll.stroke(enter ? std::uint16_t{96} : digit, at, hold);
    at += interval * random.lognormal(0.25) * (enter ? 2.2 : 1.0);
  }
}

void arrows(Roll& roll, Random& random) {
  constexpr std::array<std::uint16_t, 4> keys{code::up, code::down, code::left, code::right};
  double at = 2000;
  for (int i = 0; i < 40; ++i) {
    const auto key = keys[random.bits() % keys.size()];
    if (random.chance(0.3)) {
      const double hold = random.between(600, 4000);
      roll.stroke(key, at, hold);
      at += hold + 200;
      continue;
    }
    for (auto taps = 2 + random.bits() % 8; taps > 0; --taps) {
      roll.stroke(key, at, std::max(40.0, random.normal(75, 9)));
      at += std::max(95.0, random.normal(150, 12));
    }
    at += random.between(100, 900);
  }
}

void chords(Roll& roll, Random& random) {  // Ctrl-C, Ctrl-V, Ctrl-Alt-T, Alt-Tab and the like
  double at = 2000;
  for (int i = 0; i < 60; ++i) {
    const double length = random.between(180, 500);
    const bool three = random.chance(0.3);
    roll.stroke(random.chance(0.7) ? code::left_ctrl : code::left_meta, at, length);
    if (three) roll.stroke(code::left_alt, at + random.between(0, 40), length * 0.8);
    constexpr std::string_view keys = "cvxzstafw";
    const char key = keys[static_cast<std::size_t>(random.bits() % keys.size())];
    roll.stroke(letter(key), at + random.between(25, 120), 90 * random.lognormal(0.25));
    at += length + random.between(150, 2500);
  }
}

void password(Roll& roll,
              Random& random) {  // twelve keys the fingers know by heart, again and again
  for (int round = 0; round < 8; ++round) {
    double at = 3000 + 6000 * round;
    for (const char character : std::string_view("r7kvnqpe2wsi\n")) {
      roll.stroke(letter(character), at, 84 * random.lognormal(0.18));
      at += 92 * random.lognormal(0.35);
    }
  }
}

void drumming(Roll& roll,
              Random& random) {  // four fingers rolled on the table, which is a keyboard
  double at = 2000;
  for (int i = 0; i < 30; ++i) {
    for (const char key : std::string_view("fdsa")) {
      roll.stroke(letter(key), at, std::max(35.0, random.normal(80, 18)));
      at += std::max(8.0, random.normal(42, 11));
    }
    at += random.between(120, 300);
  }
}

void lone_keys(Roll& roll, Random& random) {  // presenter: one key now and then
  double at = 200;
  for (int i = 0; i < 60; ++i) {
    roll.stroke(random.chance(0.8) ? code::space : code::backspace, at, 95 * random.lognormal(0.2));
    at += random.between(700, 20000);
  }
}

void combos(Roll& roll, Random& random) {  // a fighting game: arrows and buttons, some together
  constexpr std::array<std::uint16_t, 7> keys{103, 105, 106, 108, 30, 31, 32};
  double at = 2000;
  for (int i = 0; i < 200; ++i) {
    roll.stroke(keys[random.bits() % keys.size()], at, std::max(35.0, random.normal(75, 22)));
    if (random.chance(0.15))
      roll.stroke(keys[random.bits() % keys.size()], at + random.between(0, 12), 70);
    at += random.chance(0.1) ? random.between(300, 900) : std::max(40.0, random.normal(105, 32));
  }
}

// The kernel repeats a held key each 33 ms after 250 ms: only the newest one, as value 2.
void add_repeats(std::vector<KeyEvent>& events) {
  using std::chrono::milliseconds;
  std::vector<KeyEvent> all;
  for (std::size_t i = 0; i < events.size(); ++i) {
    all.push_back(events[i]);
    if (events[i].value != 1 || i + 1 == events.size()) continue;
    for (auto at = events[i].at + milliseconds(250); at < events[i + 1].at; at += milliseconds(33))
      all.push_back({.at = at, .code = events[i].code, .value = 2});
  }
  events = std::move(all);
}

// The machine stops for `length` now and then, and delivers then what came meanwhile.
void stall(std::vector<KeyEvent>& events, Random& random, std::chrono::milliseconds length) {
  auto until = events.front().at;
  for (KeyEvent& event : events) {
    if (event.at > until && random.chance(0.02)) until = event.at + length;
    event.at = std::max(event.at, until);
  }
}

}  // namespace

std::vector<Trace> scenes(std::uint64_t seed) {
  std::vector<Trace> all;
  const auto add = [&](const char* name, const char* source, double poll, const auto& act) {
    Random random(name, seed);
    Roll roll;
    act(roll, random);
    all.push_back({.name = name, .source = source, .events = roll.events(poll)});
    add_repeats(all.back().events);
  };
  const auto taps = [](std::string_view keys, double interval, double deviation) {
    return [=](Roll& roll, Random& chance) { tap(roll, chance, keys, interval, deviation); };
  };
  add("walk_wasd", "games: several keys held", 1, walk);
  add("walk_wasd_8ms", "games: several keys held", 8, walk);
  add("rapid_taps", "games: ten taps a second", 1, taps("x", 100, 9));
  add("rapid_taps_8ms", "games: ten taps a second", 8, taps("x", 100, 9));
  add("two_key_trill", "rhythm games: eleven a second with two fingers", 1, taps("zx", 90, 8));
  add("metronome", "Repp 2005: four fingers to a beat, 3 %", 1, taps("asdf", 250, 7));
  add("four_lanes", "rhythm games: timing errors of 6 ms", 1, lanes);
  add("keypad", "10-key data entry, 170 ms", 8,
      [](Roll& roll, Random& chance) { keypad(roll, chance, 170); });
  add("keypad_fast", "10-key data entry, 12000 strokes an hour and more", 8,
      [](Roll& roll, Random& chance) { keypad(roll, chance, 125); });
  add("arrows", "taps, and held keys that repeat", 8, arrows);
  add("chords", "shortcuts with one or two modifiers", 8, chords);
  add("password", "Killourhy 2009: practised passwords", 1, password);
  add("drumming", "four fingers rolled, again and again", 8, drumming);
  add("lone_keys", "one key now and then", 8, lone_keys);
  add("combos", "fighting game", 1, combos);

  const Typist average{.name = "stalls_150ms", .source = "130 ms, delivered late", .interval = 130};
  all.push_back(type(average, seed));
  Random random("stalls", seed);
  stall(all.back().events, random, std::chrono::milliseconds(150));
  return all;
}

std::vector<Trace> human_traces() {
  constexpr std::uint64_t seeds = 5;
  std::vector<Trace> all;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    for (const Typist& typist : typists()) all.push_back(type(typist, seed));
    for (Trace& scene : scenes(seed)) all.push_back(std::move(scene));
  }
  return all;
}

}  // namespace base::typing::traces
