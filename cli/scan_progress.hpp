// SPDX-License-Identifier: GPL-2.0-or-later
// How far a scan is, as one line.
//
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cli {

class ScanProgressLine {
 public:
  // "reading DONE TOTAL" in blocks, or "scanning FILES BYTES", as sallyport-scans says it. False:
  // it is neither.
  bool take(std::string_view word);
  // `elapsed`: milliseconds since the beginning.
  std::string text(std::uint64_t elapsed) const;

 private:
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
  std::uint64_t files_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace cli
