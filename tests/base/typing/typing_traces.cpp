// SPDX-License-Identifier: GPL-2.0-or-later
// What the detector makes of the traces: see the header.
#include "tests/base/typing/typing_traces.hpp"

#include <algorithm>

#include "base/typing/injection.hpp"

namespace base::typing::traces {

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::fast:
      return "fast";
    case Kind::slow:
      return "slow";
    case Kind::jittered:
      return "jittered";
    case Kind::human_like:
      return "human_like";
    case Kind::human:
      return "human";
  }
  return "?";
}

Outcome replay(const Trace& trace) {
  InjectionDetector detector;
  Outcome outcome;
  for (const KeyEvent& event : trace.events) {
    if (const auto finding = detector.key(event.code, event.value, event.at))
      return {.found = true, .presses_seen = finding->presses_seen, .reason = finding->reason};
    if (event.value == 1) ++outcome.presses_seen;
  }
  return outcome;
}

namespace {

void count(InjectionRates& rates, const Trace& trace) {
  const Outcome outcome = replay(trace);
  auto& kind = rates.by_kind[static_cast<std::size_t>(trace.kind)];
  ++kind.traces;
  if (outcome.found) ++kind.detected;
  if (trace.kind == Kind::human) {
    ++rates.humans;
    if (outcome.found) ++rates.false_alarms;
    return;
  }
  ++rates.payloads;
  if (outcome.found) ++rates.detected;
  if (trace.kind == Kind::fast)  // also when it was never found: then all presses count
    rates.worst_fast_presses = std::max(rates.worst_fast_presses, outcome.presses_seen);
  else if (trace.kind != Kind::human_like)
    rates.worst_other_presses = std::max(rates.worst_other_presses, outcome.presses_seen);
}

}  // namespace

InjectionRates measure_injection() {
  InjectionRates rates;
  for (const Trace& trace : payload_traces()) count(rates, trace);
  for (const Trace& trace : human_traces()) count(rates, trace);
  return rates;
}

}  // namespace base::typing::traces
