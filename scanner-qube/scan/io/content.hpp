// SPDX-License-Identifier: GPL-2.0-or-later
// A file's bytes, as the engine gets them.
#pragma once

#include "base/io/fd.hpp"
#include "scanner-qube/volume/io/worker.hpp"

namespace scannerqube::io {

// A sealed memfd of entry.size bytes: from the extents, without anybody parsing anything; from the
// entry itself; or from its reader. An error says why not all of it could be had: then nothing of
// it is given.
base::Result<base::io::Fd> copy_content(const volume::ForkableSource& source,
                                        const volume::Entry& entry, volume::Worker& reader);

}  // namespace scannerqube::io
