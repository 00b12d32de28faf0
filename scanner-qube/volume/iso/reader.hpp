// SPDX-License-Identifier: GPL-2.0-or-later
// A second reader of ISO 9660, which shares nothing with libtsk: it follows the folders of every
// tree that a disc has. libtsk takes one of them, and by its path table.
//
// Pure, but for the reads.
#pragma once

#include "scanner-qube/volume/listing.hpp"

namespace scannerqube::volume::iso {

// All entries of all trees, so a file may be there twice; what is damaged is a finding.
void list(const Source& source, Range part, Sink& sink);

}  // namespace scannerqube::volume::iso
