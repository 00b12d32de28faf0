// SPDX-License-Identifier: GPL-2.0-or-later
// A second reader of FAT12, FAT16, FAT32 and exFAT, which shares nothing with libtsk: what the two
// list differently is where one of them was fooled.
//
// Pure, but for the reads. Only what is allocated; no content.
#pragma once

#include <unordered_set>

#include "scanner-qube/volume/fat/chain.hpp"
#include "scanner-qube/volume/fat/folder.hpp"

namespace scannerqube::volume::fat {

// All entries of the volume in `part`; what is damaged is a finding. `exfat` or `fat`.
void list(const Source& source, Range part, FileSystem kind, Sink& sink);

}  // namespace scannerqube::volume::fat
