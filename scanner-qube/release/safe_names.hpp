// SPDX-License-Identifier: GPL-2.0-or-later
// A tree of harmless names for paths that the medium chose.
//
// Pure. The same paths give the same tree, in whatever order they come.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire/result.hpp"

namespace scannerqube::release {

// Names within one folder differ by name_key(): case and composition aside, no two are the same.
struct SafeNames {
  struct Folder {
    std::uint32_t parent = 0;  // comes before it
    std::string name = {};
  };
  struct File {
    std::uint32_t folder = 0;
    std::string name = {};
  };
  std::vector<Folder> folders = {};  // the first is the root, its own parent, without a name
  std::vector<File> files = {};      // as the paths were given

  std::string path_of(std::size_t file) const;
};

// Each slash parts two names. Folders deeper than max_depth, or whose path is longer than
// max_folder_path, are left out: what is in them comes up. `taken` are names of the root that no
// file gets. Fails only for more than max_folders.
base::Result<SafeNames> safe_names(const std::vector<std::string_view>& untrusted,
                                   const std::vector<std::string_view>& taken);

}  // namespace scannerqube::release
