// SPDX-License-Identifier: GPL-2.0-or-later
// The records in one block of an ext folder, taken as strictly as a driver does.
#pragma once

#include <string>
#include <vector>

#include "base/wire/reader.hpp"

namespace scannerqube::volume::ext {

struct FolderBlock {
  std::vector<std::uint32_t> inodes = {};  // of names in use, but for "." and ".."
  bool has_self = false;                   // a record "."
  std::string damage = {};                 // empty: none
};
// A whole block; records behind a damaged one are not read.
FolderBlock parse_folder_block(base::wire::Bytes untrusted);

}  // namespace scannerqube::volume::ext
