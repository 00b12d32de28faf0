// SPDX-License-Identifier: GPL-2.0-or-later
// A second reader of APFS, which shares nothing with libtsk. libtsk heeds few checksums, neither
// the order of keys nor versions of objects, and finds a file's extents by the file's number
// instead of its stream's; here, what is not as Apple has it is a finding.
//
// Pure, but for the reads.
#pragma once

#include "scanner-qube/volume/listing.hpp"

namespace scannerqube::volume::apfs {

// All entries of all volumes; of several, below "volume N/". Content by extents, or resident; what
// is compressed only names its size.
void list(const Source& source, Range part, Sink& sink);

}  // namespace scannerqube::volume::apfs
