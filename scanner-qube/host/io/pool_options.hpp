// SPDX-License-Identifier: GPL-2.0-or-later
// The command line of sallyport-scanner.
#pragma once

#include <string>
#include <vector>

#include "scanner-qube/host/io/pool.hpp"

namespace scannerqube::io {

extern const char* const pool_usage;

struct PoolArguments {
  MachinePoolOptions options;
  bool help = false;

  static base::Result<PoolArguments> parse(const std::vector<std::string>& words);
};

}  // namespace scannerqube::io
