// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/iso_clock.hpp"

#include <algorithm>
#include <cstdint>

namespace usbproxy {

void IsoClock::start(Time at) {
  next_ = at;
  running_ = true;
}

void IsoClock::resume(Time now) { next_ = std::max(next_, now); }

IsoClock::Time IsoClock::due(std::size_t packets) const {
  return next_ + interval_ * static_cast<std::int64_t>(packets);
}

void IsoClock::advance(std::size_t packets, Lean lean, Time now) {
  constexpr std::int64_t part = 64;
  const auto change = interval_ * static_cast<std::int64_t>(packets) / part;
  next_ = due(packets);
  switch (lean) {
    case Lean::none:
      break;
    case Lean::sooner:
      next_ -= change;
      break;
    case Lean::later:
      next_ += change;
      break;
  }
  if (now > next_ + max_lag) next_ = now;
}

}  // namespace usbproxy
