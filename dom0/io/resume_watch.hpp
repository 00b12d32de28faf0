// SPDX-License-Identifier: GPL-2.0-or-later
// Notices that this machine was suspended and runs again.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>

namespace dom0::io {

// How long the machine has slept since it was started: what CLOCK_BOOTTIME is ahead of
// CLOCK_MONOTONIC.
std::chrono::nanoseconds time_asleep();

struct ResumePace {
  std::chrono::milliseconds look_every{2000};
  // Buses and qubes take a moment to come back: what was not ready at first is by then.
  std::chrono::milliseconds again_after{15000};
};

class ResumeWatch {
 public:
  using Asleep = std::function<std::chrono::nanoseconds()>;

  // Between two looks the clocks themselves may drift apart by less.
  static constexpr std::chrono::milliseconds least_sleep{500};

  // `on_resume` runs soon after a resume, and once more.
  ResumeWatch(boost::asio::io_context& io, std::function<void()> on_resume,
              Asleep asleep = time_asleep, ResumePace pace = {});
  void start();

 private:
  void look();

  boost::asio::steady_timer timer_;
  boost::asio::steady_timer again_;
  std::function<void()> on_resume_;
  Asleep asleep_;
  ResumePace pace_;
  std::chrono::nanoseconds known_;
};

}  // namespace dom0::io
