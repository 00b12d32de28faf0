// SPDX-License-Identifier: GPL-2.0-or-later
// The supervisor's command line.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/wire/result.hpp"
#include "block-proxy/snapshot/reservation.hpp"

namespace blockproxy::snapshot {

extern const char* const supervisor_usage;

struct SupervisorOptions {
  std::filesystem::path root = "/";
  std::filesystem::path program;  // sallyport-snapshot; empty: beside this program
  StoreLimits limits;
  std::optional<uid_t> scanner;  // who scans them: may read, show and seal
  bool help = false;

  static base::Result<SupervisorOptions> parse(const std::vector<std::string>& arguments);
};

}  // namespace blockproxy::snapshot
