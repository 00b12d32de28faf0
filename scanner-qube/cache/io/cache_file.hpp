// SPDX-License-Identifier: GPL-2.0-or-later
// A cache in a file, read for a scan.
#pragma once

#include <filesystem>
#include <string>

#include "scanner-qube/cache/verdict_cache.hpp"

namespace scannerqube::io {

struct CacheFile {
  std::filesystem::path file;
  std::filesystem::path public_key;
};
// An error names the file and says why it is not used.
base::Result<VerdictCache> open_cache(const CacheFile& from, const CacheScope& wanted);

}  // namespace scannerqube::io
