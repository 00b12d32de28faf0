// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/ext/superblock.hpp"

#include <bit>

#include "scanner-qube/volume/unknown_features.hpp"

namespace scannerqube::volume::ext {
namespace {

using base::wire::Bytes;
using base::wire::Reader;

// Fields and features: the kernel's documentation, "ext4 Data Structures and Algorithms".
constexpr std::uint32_t needs_replay = 0x4;
constexpr std::uint32_t encrypts = 0x10000;
// filetype, extents, 64bit, meta_bg, mmp, flex_bg, ea_inode, csum_seed, largedir, inline_data,
// casefold
constexpr std::uint32_t understood =
    0x2 | 0x40 | 0x80 | 0x10 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000 | 0x20000;
constexpr std::uint32_t first_inode_size = 128;

}  // namespace

std::vector<std::string> superblock_doubts(Bytes untrusted) {
  if (untrusted.size() < superblock_size) return {"the superblock is cut off"};
  Reader in(untrusted);
  in.take(24);
  const std::uint32_t block_shift = in.u32();
  in.take(48);
  const std::uint32_t revision = in.u32();
  in.take(8);
  const std::uint16_t inode_size = in.u16();
  in.take(6);
  const std::uint32_t features = in.u32();
  std::vector<std::string> doubts;
  if (block_shift > 6) return {"blocks of an impossible size"};
  // The first revision has none of the following fields.
  if (revision == 0) return doubts;
  const std::uint32_t block = 1024U << block_shift;
  if (inode_size < first_inode_size || inode_size > block || !std::has_single_bit(inode_size)) {
    doubts.push_back("inodes of " + std::to_string(inode_size) + " bytes");
  }
  if ((features & needs_replay) != 0) {
    doubts.emplace_back("its journal was not played back: whoever mounts it sees something else");
  }
  if ((features & encrypts) != 0) doubts.emplace_back("folders of it may be encrypted");
  const std::uint32_t unknown = features & ~(understood | needs_replay | encrypts);
  if (unknown != 0) doubts.push_back(unknown_features(unknown));
  return doubts;
}

}  // namespace scannerqube::volume::ext
