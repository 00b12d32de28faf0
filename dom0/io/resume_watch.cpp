// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/io/resume_watch.hpp"

#include <ctime>
#include <utility>

namespace dom0::io {
namespace {

std::chrono::nanoseconds read_clock(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace

std::chrono::nanoseconds time_asleep() {
  const auto awake = read_clock(CLOCK_MONOTONIC);
  return read_clock(CLOCK_BOOTTIME) - awake;
}

ResumeWatch::ResumeWatch(boost::asio::io_context& io, std::function<void()> on_resume,
                         Asleep asleep, ResumePace pace)
    : timer_(io),
      again_(io),
      on_resume_(std::move(on_resume)),
      asleep_(std::move(asleep)),
      pace_(pace),
      known_(asleep_()) {}

void ResumeWatch::start() {
  timer_.expires_after(pace_.look_every);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    look();
    start();
  });
}

void ResumeWatch::look() {
  const auto now = asleep_();
  const bool resumed = now - known_ >= least_sleep;
  known_ = now;
  if (!resumed) return;
  on_resume_();
  again_.expires_after(pace_.again_after);
  again_.async_wait([this](const boost::system::error_code& error) {
    if (!error) on_resume_();
  });
}

}  // namespace dom0::io
