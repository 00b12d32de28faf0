// SPDX-License-Identifier: GPL-2.0-or-later
// InjectionDetector: see the header.
#include "base/typing/injection.hpp"

#include <algorithm>

namespace base::typing {
namespace {

// Codes of <linux/input-event-codes.h>, which is ABI; this file is pure.
bool is_modifier(std::uint16_t code) {
  switch (code) {
    case 29:   // KEY_LEFTCTRL
    case 42:   // KEY_LEFTSHIFT
    case 54:   // KEY_RIGHTSHIFT
    case 56:   // KEY_LEFTALT
    case 97:   // KEY_RIGHTCTRL
    case 100:  // KEY_RIGHTALT
    case 125:  // KEY_LEFTMETA
    case 126:  // KEY_RIGHTMETA
      return true;
    default:
      return false;
  }
}

// One that makes a command of a key, where Shift makes a capital.
bool is_command(std::uint16_t code) { return is_modifier(code) && code != 42 && code != 54; }

// KEY_MUTE, KEY_VOLUMEDOWN, KEY_VOLUMEUP: what a knob sends, and no text can be made of.
bool is_volume(std::uint16_t code) { return code >= 113 && code <= 115; }

}  // namespace

// The last strokes without modifiers, newest first.
struct InjectionDetector::Sample {
  static constexpr std::size_t max_size = Strokes::max_size;

  Strokes intervals;
  Strokes holds;  // of those that have ended
  std::array<std::uint16_t, max_size> codes{};
  std::size_t strokes = 0;
  std::size_t distinct = 0;
  std::size_t changes = 0;  // strokes of another key than the one before
  std::size_t overlaps = 0;

  void add(const Press& press) {
    const auto end = codes.begin() + static_cast<std::ptrdiff_t>(strokes);
    if (std::find(codes.begin(), end, press.code) == end) ++distinct;
    if (strokes > 0 && press.code != codes[strokes - 1]) ++changes;
    if (press.overlaps) ++overlaps;
    if (press.hold != still_down) holds.add(press.hold);
    codes[strokes++] = press.code;
  }
};

InjectionDetector::InjectionDetector(const Limits& limits) : limits_(limits) {
  // A window larger than the memory would never fill, and its rule never fire.
  const auto fit = [](std::size_t& window, std::size_t max) {
    window = std::clamp<std::size_t>(window, 2, max);
  };
  fit(limits_.least_burst_presses, capacity);
  fit(limits_.chord_burst_presses, capacity);
  fit(limits_.burst_presses, capacity);
  fit(limits_.prompt_burst_presses, capacity);
  fit(limits_.short_hold_window, capacity);
  fit(limits_.window, Sample::max_size - 1);
  fit(limits_.prompt_window, Sample::max_size - 1);
  fit(limits_.long_window, Sample::max_size - 1);
}

std::optional<InjectionDetector::Finding> InjectionDetector::key(std::uint16_t code,
                                                                 std::int32_t value, Time now) {
  if (finding_) return finding_;
  now = last_ = std::max(last_, now);
  if (is_volume(code)) return std::nullopt;
  if (value == 0) {
    release(code, now);
    return short_holds() ? stop("keys held shorter than a finger can", count_) : std::nullopt;
  }
  if (value != 1) return std::nullopt;

  const std::size_t seen = count_;
  press(code, now);
  if (burst()) return stop("presses faster than fingers", seen);
  if (recent(0).modifier) return std::nullopt;
  const char* reason = odd_rhythm();
  return reason != nullptr ? stop(reason, seen) : std::nullopt;
}

std::optional<InjectionDetector::Finding> InjectionDetector::stop(const char* reason,
                                                                  std::size_t presses_seen) {
  finding_ = Finding{.reason = reason, .presses_seen = presses_seen};
  return finding_;
}

void InjectionDetector::press(std::uint16_t code, Time now) {
  if (count_ == 0) prompt_ = now <= limits_.prompt_start;
  bool overlaps = false;
  for (std::size_t age = 0; age < remembered(); ++age) {
    if (recent(age).modifier) continue;
    overlaps = recent(age).hold == still_down;
    break;
  }
  presses_[count_ % capacity] = {
      .code = code, .modifier = is_modifier(code), .overlaps = overlaps, .at = now};
  ++count_;
}

// A release whose press is forgotten, or never came, says nothing: that key was held long.
void InjectionDetector::release(std::uint16_t code, Time now) {
  for (std::size_t age = 0; age < remembered(); ++age) {
    Press& candidate = presses_[(count_ - 1 - age) % capacity];
    if (candidate.code != code) continue;
    if (candidate.hold == still_down) candidate.hold = now - candidate.at;
    return;
  }
}

bool InjectionDetector::burst() const {
  const std::size_t full = prompt_ ? limits_.prompt_burst_presses : limits_.burst_presses;
  for (std::size_t size = std::min(full, limits_.least_burst_presses); size < full; ++size) {
    // What was held too shortly just before is part of the proof: GUI and r, a pause, then a lump.
    if (quick(size) && held_up_to(limits_.burst_gap, size, full) >= full - size) return true;
  }
  for (std::size_t size = limits_.chord_burst_presses; size < full; ++size) {
    // A chord opens what the lump is for: it counts, however it was held and however long ago.
    // Another chord is no lump of text, however fast its own keys are.
    if (quick(size) && !commands(size) && chord_before(size) >= full - size) return true;
  }
  return quick(full);
}

// Presses of the chord that ended this many presses ago, its modifiers and its key; 0: none.
std::size_t InjectionDetector::chord_before(std::size_t age) const {
  std::size_t presses = 0;
  if (age + 1 < remembered() && !recent(age).modifier) {
    const Press& modifier = recent(age + 1);
    const bool held = modifier.hold == still_down || modifier.at + modifier.hold >= recent(age).at;
    if (!held) return 0;
    presses = 1;
    ++age;
  }
  bool command = false;
  for (; age < remembered() && recent(age).modifier; ++age) {
    command = command || is_command(recent(age).code);
    ++presses;
  }
  return command ? presses : 0;
}

bool InjectionDetector::commands(std::size_t size) const {
  for (std::size_t age = 0; age < std::min(size, remembered()); ++age)
    if (is_command(recent(age).code)) return true;
  return false;
}

bool InjectionDetector::quick(std::size_t size) const {
  if (remembered() < size) return false;
  for (std::size_t age = 0; age + 1 < size; ++age)
    if (recent(age).at - recent(age + 1).at > limits_.burst_gap) return false;
  const Time span = recent(0).at - recent(size - 1).at;
  return span <= limits_.burst_interval * static_cast<double>(size - 1);
}

std::size_t InjectionDetector::held_up_to(Milliseconds limit, std::size_t from,
                                          std::size_t to) const {
  std::size_t found = 0;
  for (std::size_t age = from; age < std::min(to, remembered()); ++age) {
    const Press& stroke = recent(age);
    if (stroke.hold != still_down && stroke.hold <= limit) ++found;
  }
  return found;
}

bool InjectionDetector::short_holds() const {
  return held_up_to(limits_.short_hold, 0, limits_.short_hold_window) >=
         (prompt_ ? limits_.prompt_short_holds : limits_.short_holds);
}

InjectionDetector::Sample InjectionDetector::sample(std::size_t size) const {
  Sample last;
  Time newer{0};
  for (std::size_t age = 0; age < remembered(); ++age) {
    const Press& stroke = recent(age);
    if (stroke.modifier) continue;
    if (last.strokes > size) break;  // one more than `size` strokes: `size` intervals
    if (last.strokes > 0) last.intervals.add(newer - stroke.at);
    last.add(stroke);
    newer = stroke.at;
  }
  return last;
}

bool InjectionDetector::within(const Strokes& times, std::size_t strays,
                               Milliseconds spread) const {
  if (times.spread(strays) > spread) return false;
  const Time step = times.step(limits_.timer_spread / 2);
  return step <= spread || step > limits_.coarsest_polling;
}

const char* InjectionDetector::odd_rhythm() const {
  const Sample last = sample(prompt_ ? limits_.prompt_window : limits_.window);
  if (const char* reason = too_steady(last)) return reason;
  return unlike_typing(sample(limits_.long_window));
}

const char* InjectionDetector::too_steady(const Sample& last) const {
  const std::size_t window = prompt_ ? limits_.prompt_window : limits_.window;
  const std::size_t strays = prompt_ ? limits_.prompt_strays : limits_.strays;
  // The newest stroke has no hold yet, and one before it may be held still.
  const bool enough = last.intervals.size() >= window && last.holds.size() + 1 >= window;
  if (!enough) return nullptr;

  const bool timed_intervals = within(last.intervals, strays, limits_.timer_spread);
  const bool timed_holds = within(last.holds, strays, limits_.timer_spread);
  if (timed_intervals && timed_holds) return "intervals and holds of a timer";
  if (last.distinct < limits_.distinct_keys) return nullptr;

  if (last.holds.count_up_to(limits_.light_hold) + strays >= last.holds.size())
    return "holds lighter than a finger's";
  if (timed_intervals) return "intervals of a timer";
  if (timed_holds) return "holds of a timer";
  return nullptr;
}

const char* InjectionDetector::unlike_typing(const Sample& last) const {
  const bool enough =
      last.intervals.size() >= limits_.long_window && last.distinct >= limits_.distinct_keys;
  if (!enough) return nullptr;
  if (last.intervals.count_up_to(limits_.cluster_interval) >= limits_.clustered)
    return "keys in lumps";

  const std::size_t strays = limits_.long_strays;
  const double intervals = last.intervals.variation(strays);
  if (intervals <= limits_.interval_variation) return "intervals without variance";

  const Time mean = last.intervals.mean();
  const bool serial = last.overlaps == 0 && last.changes >= limits_.serial_changes;
  if (serial && mean <= limits_.sure_serial_interval) return "fast typing without rollover";
  if (serial && mean <= limits_.serial_interval && intervals <= limits_.serial_interval_variation)
    return "even typing without rollover";
  // Long-held keys leave too few holds to judge.
  if (last.holds.size() + 2 * strays < limits_.long_window) return nullptr;

  const double holds = last.holds.variation(strays);
  if (holds <= limits_.hold_variation) return "holds without variance";
  if (within(last.holds, strays, limits_.polling_spread)) return "holds of a timer behind polling";
  return nullptr;
}

}  // namespace base::typing
