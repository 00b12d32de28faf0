// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/dos_time.hpp"

#include <algorithm>
#include <chrono>

namespace scannerqube::release {

DosTime dos_time(std::int64_t seconds) {
  constexpr std::int64_t earliest = 315'532'800;  // 1980-01-01 00:00:00
  constexpr std::int64_t latest = 4'354'819'199;  // 2107-12-31 23:59:59
  constexpr std::int64_t day_length = 86'400;
  seconds = std::clamp(seconds, earliest, latest);
  const std::chrono::year_month_day day{
      std::chrono::sys_days(std::chrono::days(seconds / day_length))};
  const auto in_day = static_cast<unsigned>(seconds % day_length);
  const auto years = static_cast<unsigned>(static_cast<int>(day.year()) - 1980);
  const unsigned date =
      years << 9U | static_cast<unsigned>(day.month()) << 5U | static_cast<unsigned>(day.day());
  const unsigned time = in_day / 3600 << 11U | in_day / 60 % 60 << 5U | in_day % 60 / 2;
  return {.date = static_cast<std::uint16_t>(date),
          .time = static_cast<std::uint16_t>(time),
          .hundredths = static_cast<std::uint8_t>(in_day % 2 * 100)};
}

}  // namespace scannerqube::release
