// SPDX-License-Identifier: GPL-2.0-or-later
// Which state of an APFS container a driver takes, and what has to be known of the container and of
// its volumes to read all of it.
//
// Fields and features: Apple, "Apple File System Reference" (2020-06-22), "Container", "Volumes".
#pragma once

#include "scanner-qube/volume/apfs/object.hpp"

namespace scannerqube::volume::apfs {

inline constexpr std::uint32_t max_checkpoint_blocks = 4096;
inline constexpr std::uint32_t max_ephemeral_blocks = 1U << 20U;
inline constexpr std::uint32_t max_ephemeral_size = 16U << 20U;  // of one object, bytes
inline constexpr std::size_t max_volumes = 100;

struct Container {
  std::uint64_t transaction = 0;
  std::uint64_t object_map = 0;             // block
  std::vector<std::uint64_t> volumes = {};  // their object numbers
  // Why another reader may see something else; empty: nothing speaks against it.
  std::vector<std::string> doubts = {};
};
// `container`: its bytes alone, from its first block on. An error: it cannot be read.
base::Result<Container> look_at_container(const Source& container);

struct Volume {
  std::uint64_t object_map = 0;  // block
  std::uint64_t catalog = 0;     // object number
  std::uint64_t snapshots = 0;   // block of their tree
  std::vector<std::string> doubts = {};
};
// Its superblock, a sound block.
Volume look_at_volume(base::wire::Bytes untrusted);

}  // namespace scannerqube::volume::apfs
