// SPDX-License-Identifier: GPL-2.0-or-later
// How a medium is to be scanned: what dom0 asks for, and what a report says it was.
//
// Pure.
#pragma once

#include <cstdint>

#include "scanner-qube/engine/limits.hpp"

namespace scannerqube::report {

struct ScanLimits {
  bool deleted = false;                                  // deleted files as well
  std::uint64_t largest_file = std::uint64_t{1} << 30U;  // larger ones are not examined
  Limits engine = {};                                    // of each file
  friend bool operator==(const ScanLimits&, const ScanLimits&) = default;
};

}  // namespace scannerqube::report
