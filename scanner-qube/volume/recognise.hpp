// SPDX-License-Identifier: GPL-2.0-or-later
// Which file systems a part looks like, by their signatures. More than one is possible: a medium
// may be made to look different to different readers.
//
// Pure, but for the reads.
#pragma once

#include "scanner-qube/volume/record.hpp"

namespace scannerqube::volume {

// Never empty: unknown, empty or random where nothing is known. A read error is `unknown`; the
// reader of that part will meet it again.
Recognised recognise(const Source& source, Range part);

}  // namespace scannerqube::volume
