// SPDX-License-Identifier: GPL-2.0-or-later
// The file that holds a snapshot's key: on a tmpfs, so that it dies with the machine.
#pragma once

#include <filesystem>

#include "base/wire/result.hpp"
#include "block-proxy/snapshot/io/cipher.hpp"

namespace blockproxy::snapshot {

// Creates it, 0600; one that is there already is an error.
base::Status write_key_file(const std::filesystem::path& path, const Id& id, const Key& key);
// The key of this very snapshot.
base::Result<Key> read_key_file(const std::filesystem::path& path, const Id& id);
// Writes zeros over it and removes it; one that is not there is fine.
base::Status remove_key_file(const std::filesystem::path& path);

}  // namespace blockproxy::snapshot
