// SPDX-License-Identifier: GPL-2.0-or-later
// A time as FAT and exFAT write it: two seconds at a time, from 1980 to 2107, here always UTC.
#pragma once

#include <cstdint>

namespace scannerqube::release {

struct DosTime {
  std::uint16_t date = 0;
  std::uint16_t time = 0;
  std::uint8_t hundredths = 0;  // 0 or 100: the odd second
};

// `seconds` since 1970; what FAT cannot write becomes the nearest that it can.
DosTime dos_time(std::int64_t seconds);

}  // namespace scannerqube::release
