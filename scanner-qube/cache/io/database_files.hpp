// SPDX-License-Identifier: GPL-2.0-or-later
// The files of signatures that an engine is given, and their digest.
#pragma once

#include <filesystem>
#include <vector>

#include "base/wire/result.hpp"
#include "scanner-qube/cache/scope.hpp"

namespace scannerqube::io {

// Files, and the files that lie in folders, as libclamav takes them.
base::Result<std::vector<std::filesystem::path>> database_files(
    const std::vector<std::filesystem::path>& given);
base::Result<base::hash::Digest> digest_databases(const std::vector<std::filesystem::path>& given);

}  // namespace scannerqube::io
