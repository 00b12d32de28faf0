// SPDX-License-Identifier: GPL-2.0-or-later
// What there is to say of a snapshot: as JSON, and what its overlay changed.
#pragma once

#include <string>

#include "base/io/fd.hpp"
#include "block-proxy/snapshot/server/io/server.hpp"

namespace blockproxy::snapshot {

inline constexpr std::size_t max_reported_runs = 4096;

// One JSON object (docs/protocol.md 11).
base::Status write_report(Server& server, const std::string& name, const base::io::Fd& out);

// "OFFSET LENGTH BEFORE AFTER" a line, in bytes and lower-case hex: a block that the overlay
// changed; BEFORE is "-" if it was never read from the medium.
base::Status write_diff(Store& store, const base::io::Fd& out);

// Writes the overlay to the medium, if that is what the snapshot was taken of: each block that
// would be overwritten is read first, and has to be what it was.
base::Status commit_checked(Store& store, Medium& medium);

}  // namespace blockproxy::snapshot
