// SPDX-License-Identifier: GPL-2.0-or-later
// A small HFS+ volume, written here: Debian has nothing that fills one without mounting it.
#pragma once

#include <map>
#include <string>

namespace tests::hostile {

// All files in the root folder, each in one extent. As Apple's Technical Note TN1150 has it.
std::string hfs_plus_volume(const std::map<std::string, std::string>& files);

}  // namespace tests::hostile
