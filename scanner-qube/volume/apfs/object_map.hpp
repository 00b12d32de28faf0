// SPDX-License-Identifier: GPL-2.0-or-later
// Where the objects of a container or a volume lie.
//
// Fields: Apple, "Apple File System Reference" (2020-06-22), "Object Maps".
#pragma once

#include <unordered_map>

#include "scanner-qube/volume/apfs/object.hpp"

namespace scannerqube::volume::apfs {

inline constexpr std::size_t max_objects = std::size_t{1} << 20;

using ObjectMap = std::unordered_map<std::uint64_t, std::uint64_t>;  // object number -> block
// An object of which there are several versions, as those of snapshots, is an error: which one is
// taken is a question of who asks.
base::Result<ObjectMap> read_object_map(const Source& container, std::uint64_t block,
                                        std::uint64_t newest);

}  // namespace scannerqube::volume::apfs
