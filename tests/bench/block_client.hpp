// SPDX-License-Identifier: GPL-2.0-or-later
// A client that does nothing but ask and take: the same for every server that is measured.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/wire/result.hpp"

namespace bench {

enum class Pattern { sequential, random };

struct Load {
  Pattern pattern = Pattern::random;
  std::uint32_t size = 4096;  // bytes of a request
  unsigned depth = 1;         // requests under way, at most 64
  unsigned connections = 1;
  unsigned milliseconds = 500;
};

// Bytes per second that all connections together have read.
base::Result<double> read_load(const std::filesystem::path& socket, const Load& load);

}  // namespace bench
