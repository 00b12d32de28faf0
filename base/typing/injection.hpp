// SPDX-License-Identifier: GPL-2.0-or-later
// InjectionDetector: tells a keyboard that a person types on from a device that plays keystrokes.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/typing/injection_limits.hpp"
#include "base/typing/key_timing.hpp"

namespace base::typing {

// Sees every EV_KEY event of one keyboard before it is forwarded, and only its time and code. Holds
// the last `capacity` presses and nothing else; allocates nothing until it has found something.
//
// What it decides, and why:
//  - A device that types for its owner is an injector here: YubiKey one-time passwords, barcode
//    scanners, macro keys, stenography machines. Timing cannot tell them from a Rubber Ducky;
//    policy can, by leaving them unwatched.
//  - Six keys within an eighth of a second are stopped even if all stay down: that is somebody
//    leaning on the keyboard, or text sent as chords. Waiting to see which would let the text
//    through. Five keys at once pass.
//  - Auto-repeat (value 2) is made by the kernel and ignored. A key that is held long says nothing.
//  - Regularity counts only over several different keys: people tap one arrow key, or two game
//    keys, as evenly as a metronome (Repp 2005: 2 to 4 % of the interval), but nobody types text
//    so.
//  - Modifiers count as presses in bursts and short holds, but not for regularity: a chord of
//    Shift and a letter is one act. Volume keys never count: a knob sends hundreds of them.
//  - One key alone is never found, nor are payloads that copy a person's holds, gaps and rollover.
//  - A chord of Ctrl, Alt or GUI just before a burst counts as a part of it.
//  - Arrival times are all there is: a stall of sys-usb that delivers four strokes at one instant
//    is stopped too. That fails closed, as six keys in an eighth of a second of a record typist do.
class InjectionDetector {
 public:
  using Time = std::chrono::nanoseconds;
  using Limits = InjectionLimits;
  static constexpr std::size_t capacity = 64;  // presses remembered

  struct Finding {
    std::string reason;
    std::size_t presses_seen = 0;  // let through before
  };

  explicit InjectionDetector(const Limits& limits = Limits{});

  // `now` counts from the start of the stream; a step back is taken as no time passed. Once there
  // is a finding, every later event gets the same one. Keys held then are the caller's to release.
  std::optional<Finding> key(std::uint16_t code, std::int32_t value, Time now);

 private:
  static constexpr Time still_down{-1};
  struct Press {
    std::uint16_t code = 0;
    bool modifier = false;
    bool overlaps = false;  // the key before it was still down
    Time at{0};
    Time hold = still_down;
  };
  struct Sample;
  using Strokes = Timings<32>;
  using Milliseconds = Limits::Milliseconds;

  const Press& recent(std::size_t age) const { return presses_[(count_ - 1 - age) % capacity]; }
  std::size_t remembered() const { return count_ < capacity ? count_ : capacity; }
  std::optional<Finding> stop(const char* reason, std::size_t presses_seen);

  void press(std::uint16_t code, Time now);
  void release(std::uint16_t code, Time now);
  bool burst() const;
  bool quick(std::size_t size) const;     // the last presses
  bool commands(std::size_t size) const;  // one of them makes a command of a key
  std::size_t chord_before(std::size_t age) const;
  // How many of the presses of these ages were held no longer.
  std::size_t held_up_to(Milliseconds limit, std::size_t from, std::size_t to) const;
  bool short_holds() const;
  Sample sample(std::size_t size) const;
  bool within(const Strokes& times, std::size_t strays, Milliseconds spread) const;
  const char* odd_rhythm() const;
  const char* too_steady(const Sample& last) const;
  const char* unlike_typing(const Sample& last) const;

  Limits limits_;
  std::array<Press, capacity> presses_{};
  std::size_t count_ = 0;
  Time last_{0};
  bool prompt_ = false;  // the first press came right after the start
  std::optional<Finding> finding_;
};

}  // namespace base::typing
