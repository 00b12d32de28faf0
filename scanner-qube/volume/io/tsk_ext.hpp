// SPDX-License-Identifier: GPL-2.0-or-later
// What of an ext file system libtsk takes too lightly.
#pragma once

#include <tsk/libtsk.h>

#include <unordered_set>

#include "scanner-qube/volume/io/tsk_volume.hpp"

namespace scannerqube::volume {

void check_ext_superblock(const TskVolume& volume, Sink& sink);
// Every block of the folder by our own parser. `shown`: the inodes of the names that libtsk has in
// it; a name that a driver has and libtsk does not is a finding.
void check_ext_folder(const TskVolume& volume, const TSK_FS_DIR& folder,
                      const std::unordered_set<std::uint64_t>& shown, const std::string& path,
                      Sink& sink);

}  // namespace scannerqube::volume
