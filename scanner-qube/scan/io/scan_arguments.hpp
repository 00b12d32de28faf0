// SPDX-License-Identifier: GPL-2.0-or-later
// The command line of sallyport-scan-image.
#pragma once

#include <string>
#include <vector>

#include "base/wire/result.hpp"

namespace scannerqube::io {

extern const char* const scan_usage;

struct ScanArguments {
  std::string image;
  std::vector<std::string> databases;
  unsigned workers = 0;  // 0: one for each processor
  bool deleted = false;
  bool json = false;
  bool help = false;

  static base::Result<ScanArguments> parse(const std::vector<std::string>& words);
};

}  // namespace scannerqube::io
