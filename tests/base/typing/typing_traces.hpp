// SPDX-License-Identifier: GPL-2.0-or-later
// Traces of key events: what injection tools send and how people type, and how well the detector
// tells them apart. No recording: every trace is made from published numbers, the same each time.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace base::typing::traces {

struct KeyEvent {
  std::chrono::nanoseconds at{0};  // since the stream began
  std::uint16_t code = 0;
  std::int32_t value = 0;  // 1 press, 0 release
};

// What a trace is, which says what is asked of the detector.
enum class Kind {
  fast,        // a payload whose keys follow each other within 25 ms: at most 5 presses get through
  slow,        // a payload of constant delay: found at some time
  jittered,    // a payload of random delay, but holds or gaps of a machine: found at some time
  human_like,  // a payload that copies a person: reported, not promised
  human,       // a person: never found
};
constexpr std::size_t kinds = 5;
const char* name_of(Kind kind);

struct Trace {
  std::string name;
  std::string source;  // tool, documentation or paper the numbers are from
  Kind kind = Kind::human;
  std::vector<KeyEvent> events;
};

std::vector<Trace> payload_traces();
std::vector<Trace> human_traces();

// What the detector made of one trace.
struct Outcome {
  bool found = false;
  std::size_t presses_seen = 0;  // let through; all of them if nothing was found
  std::string reason;
};
Outcome replay(const Trace& trace);

struct InjectionRates {
  struct Count {
    std::size_t traces = 0;
    std::size_t detected = 0;
  };
  std::array<Count, kinds> by_kind{};
  std::size_t payloads = 0;
  std::size_t detected = 0;
  std::size_t humans = 0;
  std::size_t false_alarms = 0;
  std::size_t worst_fast_presses = 0;   // of any fast payload, let through
  std::size_t worst_other_presses = 0;  // of any slow or jittered one

  const Count& of(Kind kind) const { return by_kind[static_cast<std::size_t>(kind)]; }
};

InjectionRates measure_injection();

}  // namespace base::typing::traces
