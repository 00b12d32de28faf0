// SPDX-License-Identifier: GPL-2.0-or-later
// The proof that a person sits at a new keyboard: the digits that dom0 shows are typed on it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace inputproxy {

// Six digits, asked once: a device that guesses is right in one of a million. Times are monotonic,
// since the digits were shown.
class Pairing {
 public:
  static constexpr std::size_t digit_count = 6;
  // Nobody reads six digits and finds the first key sooner; a device need not read.
  static constexpr std::chrono::milliseconds first_after{400};
  // For all six. The fastest typists on record strike a key each 50 ms or so in words they know.
  static constexpr std::chrono::milliseconds least_time{500};
  static constexpr std::chrono::seconds limit{90};
  // Other keys go nowhere, but who presses so many does not answer.
  static constexpr std::size_t max_other_keys = 24;

  enum class State { waiting, passed, failed };

  // `digits` are digit_count characters 0 to 9.
  explicit Pairing(std::string_view digits) : digits_(digits) {}

  // A key of the keyboard went down or up. Backspace takes the last digit back.
  State key(std::uint16_t code, std::int32_t value, std::chrono::nanoseconds now);
  // Time passes: fails after limit.
  State tick(std::chrono::nanoseconds now);
  State state() const { return state_; }
  // Why it failed; a sentence.
  const std::string& reason() const { return reason_; }

 private:
  State fail(const char* reason);

  std::string digits_;
  std::string typed_;
  std::chrono::nanoseconds first_{0};
  std::size_t others_ = 0;
  State state_ = State::waiting;
  std::string reason_;
};

// '0' to '9' of the row or of the pad; nothing for other keys.
std::optional<char> digit_of(std::uint16_t code);

}  // namespace inputproxy
