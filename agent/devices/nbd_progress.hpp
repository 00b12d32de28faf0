// SPDX-License-Identifier: GPL-2.0-or-later
// Whether the server of a block device still answers, as the kernel's counts of the device tell.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace agent::devices {

class NbdProgress {
 public:
  using Clock = std::chrono::steady_clock;
  // Shorter than the kernel's own limit for a request (NbdControl::request_timeout_s), so that who
  // waits is told why.
  static constexpr std::chrono::seconds patience{50};

  // `stat`: what sysfs has under that name for the device (Documentation/block/stat.rst). True
  // when requests were under way for `patience` of which none has ended.
  bool hangs(std::string_view stat, Clock::time_point now);

 private:
  std::string ended_;  // counts of what has ended, when it last changed
  Clock::time_point since_ = {};
};

}  // namespace agent::devices
