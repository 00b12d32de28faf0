// SPDX-License-Identifier: GPL-2.0-or-later
// All payloads: those of the tables, and a person's recorded timing played again.
#include "tests/base/typing/machine.hpp"
#include "tests/base/typing/typist.hpp"

namespace base::typing::traces {
namespace {

Trace replayed(const char* name, Kind kind, double scale, std::uint64_t seed) {
  const Typist typist{.name = name,
                      .source = "a recorded person (150 ms, hold 100), played again",
                      .interval = 150,
                      .hold = 100,
                      .poll = 1,
                      .text = payload_text(),
                      .scale = scale};
  Trace trace = type(typist, seed);
  trace.kind = kind;
  return trace;
}

}  // namespace

std::vector<Trace> payload_traces() {
  constexpr std::uint64_t seeds = 3;
  std::vector<Trace> all;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    for (const auto& machines :
         {fast_machines(), slow_machines(), jittered_machines(), human_like_machines()})
      for (const Machine& machine : machines) all.push_back(play(machine, seed));
    all.push_back(replayed("replayed", Kind::human_like, 1.0, seed));
    all.push_back(replayed("replayed_at_0.6", Kind::human_like, 0.6, seed));
    all.push_back(replayed("replayed_at_0.3", Kind::human_like, 0.3, seed));
  }
  return all;
}

}  // namespace base::typing::traces
