// SPDX-License-Identifier: GPL-2.0-or-later
// The scanner qube's side: an entry of a medium as a file of the list, with the hash of its bytes.
#pragma once

#include "scanner-qube/release/release_list.hpp"

namespace scannerqube::release {

// Fails, with what is in the way, for what a list cannot say: folders, links, streams, content that
// only the file system's reader can give (compressed). `sha256` is that of the content.
base::Result<ReleasedFile> released_file(const volume::Entry& entry,
                                         const base::hash::Digest& sha256);
// Reads the content, and fails for unreadable bytes too.
base::Result<ReleasedFile> released_file(const volume::Entry& entry, const volume::Source& medium);

}  // namespace scannerqube::release
