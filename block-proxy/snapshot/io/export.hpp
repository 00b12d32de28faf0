// SPDX-License-Identifier: GPL-2.0-or-later
// A snapshot as files that others can read: a raw image, and a list of hashes.
#pragma once

#include "base/io/fd.hpp"
#include "block-proxy/snapshot/io/store.hpp"

namespace blockproxy::snapshot {

enum class Missing : std::uint8_t {
  refuse,  // only complete snapshots
  holes,   // what was never read is a hole, as blocks of zeros are
};

// The base, written to a regular file from offset 0. The number of blocks that were missing.
base::Result<std::uint64_t> export_image(Store& store, const base::io::Fd& out, Missing missing);

// "OFFSET LENGTH HASH" a line, in bytes and lower-case hex; "-" for a block that was never read;
// then "root HASH", or "root -" where a block is missing.
base::Status export_hashes(Store& store, const base::io::Fd& out);

}  // namespace blockproxy::snapshot
