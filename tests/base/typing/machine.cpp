// SPDX-License-Identifier: GPL-2.0-or-later
// Machine: see the header.
#include "tests/base/typing/machine.hpp"

#include <algorithm>

namespace base::typing::traces {

double Delay::draw(Random& random) const {
  switch (shape) {
    case Shape::constant:
      return a;
    case Shape::uniform:
      return random.between(a, b);
    case Shape::gaussian:
      return std::max(1.0, random.normal(a, b));
    case Shape::lognormal:
      return a * random.lognormal(b);
  }
  return a;
}

Trace play(const Machine& machine, std::uint64_t seed) {
  Random random(machine.name, seed);
  Roll roll;
  // No timer of a microcontroller or of Linux wakes to the microsecond.
  const auto late = [&random] { return std::min(0.4, std::abs(random.normal(0, 0.05))); };
  double at = machine.start;
  if (machine.run_dialog) {
    const double hold = machine.hold.draw(random);
    roll.stroke(code::left_meta, at, hold);
    roll.stroke(key_of('r').code, at, hold);
    at += 500;
  }
  const std::string_view text = machine.text.empty() ? payload_text() : machine.text;
  for (std::size_t i = 0; i < machine.presses; ++i) {
    const char character = text[i % text.size()];
    const Key key = key_of(character);
    const double hold = machine.hold.draw(random);
    const double press = at + late();
    if (key.shift) roll.stroke(code::left_shift, press, hold);
    roll.stroke(key.code, press, hold + late());

    const double gap = machine.gap.draw(random);
    at += gap >= 0 ? hold + gap : machine.interval.draw(random);
    if (character == '\n') at += machine.line_pause;
    if (machine.burst > 0 && (i + 1) % machine.burst == 0) at += machine.burst_pause;
  }
  return {.name = machine.name,
          .source = machine.source,
          .kind = machine.kind,
          .events = roll.events(machine.poll)};
}

}  // namespace base::typing::traces
