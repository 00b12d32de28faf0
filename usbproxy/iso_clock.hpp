// SPDX-License-Identifier: GPL-2.0-or-later
// When the kernel's isochronous requests are done: a host controller serves one packet in each
// service interval; vhci has no bus, so the time stands for it.
#pragma once

#include <chrono>
#include <cstddef>

namespace usbproxy {

// Pure: the time comes in. Requests are done one behind the other, each after as many intervals as
// it has packets, so never faster than the bus would be; what was missed while nobody called is
// caught up with, unless it is more than max_lag.
class IsoClock {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::milliseconds max_lag{200};

  // The device's clock is not ours: how the next request's time is changed to follow it, by a
  // 64th, which is far more than two clocks differ.
  enum class Lean { none, sooner, later };

  explicit IsoClock(std::chrono::nanoseconds interval) : interval_(interval) {}

  bool running() const { return running_; }
  // The next packet's interval begins at `at`.
  void start(Time at);
  void stop() { running_ = false; }
  // Nobody asked for a while: the next interval does not begin before `now`.
  void resume(Time now);
  // The end of the next `packets` intervals.
  Time due(std::size_t packets) const;
  // These are over.
  void advance(std::size_t packets, Lean lean, Time now);

 private:
  std::chrono::nanoseconds interval_;
  Time next_{};
  bool running_ = false;
};

}  // namespace usbproxy
