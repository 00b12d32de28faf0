// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-scans: takes requests for scans, and forks a process for each.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/io/log.hpp"
#include "base/io/paths.hpp"
#include "base/wire/result.hpp"

namespace scannerqube::desk {

extern const char* const desk_usage;

struct DeskOptions {
  std::filesystem::path root = "/";
  std::filesystem::path key;  // empty: etc/sallyport/scan.key
  bool help = false;

  static base::Result<DeskOptions> parse(const std::vector<std::string>& words);
};

// Serves until SIGTERM.
base::Status run_desk(const DeskOptions& options, const base::io::Log& log);

}  // namespace scannerqube::desk
