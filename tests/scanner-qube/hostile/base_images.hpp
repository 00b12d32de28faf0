// SPDX-License-Identifier: GPL-2.0-or-later
// Small honest media of every file system, each with the planted file; the families spoil them.
#pragma once

#include <array>
#include <map>
#include <string>

#include "tests/fakes/folder.hpp"

namespace tests::hostile {

enum class Form {
  fat12,
  fat16,
  fat32,
  exfat,
  ntfs,
  ext2,
  ext3,
  ext4,
  iso,
  joliet,
  rock_ridge,
  hfs_plus,
  apfs
};
inline constexpr std::array all_forms{Form::fat12, Form::fat16,  Form::fat32,      Form::exfat,
                                      Form::ntfs,  Form::ext2,   Form::ext3,       Form::ext4,
                                      Form::iso,   Form::joliet, Form::rock_ridge, Form::hfs_plus,
                                      Form::apfs};
std::string name_of(Form form);

// Path -> content. NTFS, exFAT and HFS+ get what is in no folder: their tools make none.
using Files = std::map<std::string, std::string>;
// The planted file, one in a folder, and harmless ones.
Files usual_files();

std::string image_of(Form form, const Folder& folder, const Files& files);
std::string usual_image(Form form, const Folder& folder);

// A folder of files, for tools that read one.
std::string tree_of(const Folder& folder, const Files& files);

}  // namespace tests::hostile
