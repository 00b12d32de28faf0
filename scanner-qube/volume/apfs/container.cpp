// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/apfs/container.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "scanner-qube/volume/unknown_features.hpp"

namespace scannerqube::volume::apfs {
namespace {

using base::wire::Bytes;
using base::wire::Reader;

constexpr std::uint32_t container_magic = 0x4253584e;  // NXSB
constexpr std::uint32_t volume_magic = 0x42535041;     // APSB

// Version 2, which all have; a volume's names with or without regard to case.
constexpr std::uint64_t understood_of_container = 0x2;
constexpr std::uint64_t fusion = 0x100;
constexpr std::uint64_t understood_of_volume = 0x1 | 0x8;
constexpr std::uint64_t unencrypted = 0x1;

constexpr std::uint16_t is_ephemeral = 0x8000;

struct Blocks {
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  friend bool operator==(const Blocks&, const Blocks&) = default;
};

struct Superblock {
  Header header = {};
  std::uint32_t block_size = 0;
  std::uint64_t features = 0;    // without which it cannot be read
  Blocks checkpoints = {};       // a ring of maps and superblocks
  Blocks ephemerals = {};        // a ring of the objects that these map
  std::uint32_t checkpoint = 0;  // where in the ring this one begins
  std::uint32_t length = 0;      // of it, its superblock included
  std::uint64_t space_manager = 0;
  std::uint64_t object_map = 0;
  std::uint64_t reaper = 0;
  std::vector<std::uint64_t> volumes = {};
  bool resizing = false;
};

// nullopt: no superblock, or a damaged one.
std::optional<Superblock> superblock(Bytes untrusted) {
  Reader in(untrusted);
  Superblock found{.header = read_header(in)};
  const std::uint32_t magic = in.u32();
  found.block_size = in.u32();
  in.take(24);
  found.features = in.u64();
  in.take(32);  // UUID, next object, next transaction
  found.checkpoints.count = in.u32();
  found.ephemerals.count = in.u32();
  found.checkpoints.first = in.u64();
  found.ephemerals.first = in.u64();
  in.take(8);
  found.checkpoint = in.u32();
  found.length = in.u32();
  in.take(8);
  found.space_manager = in.u64();
  found.object_map = in.u64();
  found.reaper = in.u64();
  in.take(8);  // test, the most volumes it may have
  for (std::size_t i = 0; i < max_volumes; ++i) {
    const std::uint64_t number = in.u64();
    if (number != 0) found.volumes.push_back(number);
  }
  in.take(264);  // counters, and where the blocks that are moved begin
  const std::uint64_t moved = in.u64();
  found.resizing = (moved | in.u64()) != 0;
  const bool whole = in.ok() && magic == container_magic && is_sound(untrusted);
  return whole ? std::optional(std::move(found)) : std::nullopt;
}

base::Status check_ring(const Source& container, const Blocks& ring, std::uint32_t most) {
  constexpr std::uint32_t in_pieces = 0x80000000;
  if ((ring.count & in_pieces) != 0) return base::fail("its checkpoints lie in several pieces");
  if (ring.count > most) {
    return base::fail(std::to_string(ring.count) + " blocks of checkpoints");
  }
  const std::uint64_t blocks = container.size() / block_size;
  if (ring.first > blocks || ring.count > blocks - ring.first) {
    return base::fail("checkpoints beyond its end");
  }
  return base::Ok{};
}

struct Checkpoint {
  Superblock superblock;
  std::vector<std::byte> bytes = {};
  std::uint32_t place = 0;  // of the superblock in the ring
  bool alone = true;        // no other of its transaction that differs
};

// The newest one that is sound.
base::Result<Checkpoint> newest_checkpoint(const Source& container, const Superblock& first) {
  for (const auto& [ring, most] : {std::pair{first.checkpoints, max_checkpoint_blocks},
                                   std::pair{first.ephemerals, max_ephemeral_blocks}}) {
    if (auto fits = check_ring(container, ring, most); !fits) return base::Unexpected{fits.error()};
  }
  std::optional<Checkpoint> newest;
  for (std::uint32_t i = 0; i < first.checkpoints.count; ++i) {
    auto bytes = read_some(container, (first.checkpoints.first + i) * block_size, block_size);
    if (!bytes) return base::fail("a checkpoint cannot be read: " + bytes.error().text);
    auto candidate = superblock(*bytes);
    if (!candidate) continue;
    const std::uint64_t transaction = candidate->header.transaction;
    if (newest && transaction < newest->superblock.header.transaction) continue;
    if (newest && transaction == newest->superblock.header.transaction) {
      newest->alone = newest->alone && *bytes == newest->bytes;
      continue;
    }
    newest =
        Checkpoint{.superblock = *std::move(candidate), .bytes = *std::move(bytes), .place = i};
  }
  if (!newest) return base::fail("no checkpoint that is sound");
  if (newest->superblock.checkpoints != first.checkpoints ||
      newest->superblock.ephemerals != first.ephemerals) {
    return base::fail("its newest checkpoint has its objects elsewhere than its first block");
  }
  const Header& header = newest->superblock.header;
  if (!newest->alone) {
    return base::fail("two checkpoints of transaction " + std::to_string(header.transaction) +
                      " that differ");
  }
  const bool as_it_is = header.type == object_type::container && header.flags == is_ephemeral &&
                        header.number == 1 && header.subtype == 0;
  if (!as_it_is) return base::fail("its newest checkpoint is of another type");
  return *std::move(newest);
}

// What a map of a checkpoint says: an object that is in memory while the container is mounted.
struct Mapping {
  std::uint16_t type = 0;
  std::uint16_t flags = 0;
  std::uint32_t subtype = 0;
  std::uint32_t size = 0;
  std::uint64_t number = 0;
  std::uint64_t block = 0;
};

bool is_as_mapped(const Source& container, const Superblock& newest, const Mapping& mapping) {
  const Blocks& ring = newest.ephemerals;
  if (mapping.size == 0 || mapping.size % block_size != 0) return false;
  if (mapping.size > max_ephemeral_size) return false;
  if (mapping.block < ring.first || mapping.block - ring.first >= ring.count) return false;
  std::vector<std::byte> object;
  for (std::uint32_t i = 0; i < mapping.size / block_size; ++i) {  // it may wrap
    const std::uint64_t block = ring.first + (mapping.block - ring.first + i) % ring.count;
    const auto bytes = read_some(container, block * block_size, block_size);
    if (!bytes || bytes->size() != block_size) return false;
    object.insert(object.end(), bytes->begin(), bytes->end());
  }
  if (!is_sound(object)) return false;
  Reader in(object);
  const Header header = read_header(in);
  return header.number == mapping.number && header.type == mapping.type &&
         header.flags == mapping.flags && header.subtype == mapping.subtype &&
         header.transaction == newest.header.transaction;
}

// A driver may go back to an older checkpoint where an object of this one is not as it has to be.
base::Status check_ephemerals(const Source& container, const Checkpoint& checkpoint) {
  const Superblock& newest = checkpoint.superblock;
  const base::Unexpected<base::Error> damaged =
      base::fail("an object of its newest checkpoint is damaged: a driver may take an older one");
  const std::uint32_t ring = newest.checkpoints.count;
  if (newest.length < 2 || newest.length > ring) return damaged;
  std::uint64_t budget = newest.ephemerals.count;  // blocks: no more than there are
  bool has_space_manager = false;
  bool has_reaper = false;
  const std::uint32_t maps = newest.length - 1;
  if ((std::uint64_t{newest.checkpoint} + maps) % ring != checkpoint.place) return damaged;
  for (std::uint32_t i = 0; i < maps; ++i) {
    const std::uint64_t place = (std::uint64_t{newest.checkpoint} + i) % ring;
    const std::uint64_t block = newest.checkpoints.first + place;
    const std::uint64_t transaction = newest.header.transaction;
    const auto bytes = read_object(container, block,
                                   {.type = object_type::checkpoint_map,
                                    .subtype = 0,
                                    .number = block,
                                    .newest = transaction});
    if (!bytes) return damaged;
    Reader in(*bytes);
    constexpr std::uint32_t is_last = 1;
    if (read_header(in).transaction != transaction) return damaged;
    if (in.u32() != (i + 1 == maps ? is_last : 0)) return damaged;
    const std::uint32_t count = in.u32();
    for (std::uint32_t entry = 0; entry < count; ++entry) {
      Mapping mapping{.type = in.u16()};
      mapping.flags = in.u16();
      mapping.subtype = in.u32();
      mapping.size = in.u32();
      in.take(12);
      mapping.number = in.u64();
      mapping.block = in.u64();
      const std::uint64_t blocks = mapping.size / block_size;
      if (!in.ok() || blocks > budget || !is_as_mapped(container, newest, mapping)) return damaged;
      budget -= blocks;
      has_space_manager = has_space_manager || mapping.number == newest.space_manager;
      has_reaper = has_reaper || mapping.number == newest.reaper;
    }
  }
  if (!has_space_manager || !has_reaper) return damaged;
  return base::Ok{};
}

// But for what a driver counts for itself (as apfsck compares the two): checksum, counters, flags.
bool same_but_for_counters(Bytes one, Bytes other) {
  std::size_t from = 8;
  for (const auto& [begin, end] :
       {std::pair<std::size_t, std::size_t>{0x3d8, 0x4d8}, {0x4f0, 0x4f8}, {one.size(), 0}}) {
    if (!std::ranges::equal(one.subspan(from, begin - from), other.subspan(from, begin - from))) {
      return false;
    }
    from = end;
  }
  return true;
}

}  // namespace

base::Result<Container> look_at_container(const Source& container) {
  const auto head = read_some(container, 0, block_size);
  if (!head) return base::fail("its first block cannot be read: " + head.error().text);
  const auto first = superblock(*head);
  if (!first) return base::fail("its first block is damaged");
  if (first->block_size != block_size) {
    return base::fail("blocks of " + std::to_string(first->block_size) + " bytes: no reader");
  }
  auto newest = newest_checkpoint(container, *first);
  if (!newest) return base::Unexpected{newest.error()};
  const Superblock& taken = newest->superblock;
  Container found{.transaction = taken.header.transaction,
                  .object_map = taken.object_map,
                  .volumes = taken.volumes};
  std::ranges::sort(found.volumes);  // as libtsk has them
  if (taken.header.transaction != first->header.transaction) {
    found.doubts.push_back("its first block is of transaction " +
                           std::to_string(first->header.transaction) +
                           ", its newest checkpoint of " +
                           std::to_string(taken.header.transaction) + ": it was not ejected");
  } else if (!same_but_for_counters(newest->bytes, *head)) {
    found.doubts.emplace_back("its first block is no copy of its newest checkpoint");
  }
  if (taken.resizing) found.doubts.emplace_back("it is being resized");
  if ((taken.features & fusion) != 0) found.doubts.emplace_back("a half of it is on another disk");
  const std::uint64_t unknown = taken.features & ~(understood_of_container | fusion);
  if (unknown != 0) found.doubts.push_back(unknown_features(unknown));
  if (const auto sound = check_ephemerals(container, *newest); !sound) {
    found.doubts.push_back(sound.error().text);
  }
  return found;
}

Volume look_at_volume(Bytes untrusted) {
  Reader in(untrusted);
  in.take(header_size);
  const std::uint32_t magic = in.u32();
  in.take(20);
  const std::uint64_t features = in.u64();
  in.take(52);
  const std::uint32_t catalog_type = in.u32();
  in.take(8);
  Volume found;
  found.object_map = in.u64();
  found.catalog = in.u64();
  in.u64();  // extents
  found.snapshots = in.u64();
  const std::uint64_t reverts_to = in.u64();
  const std::uint64_t reverts_to_block = in.u64();
  in.take(40);
  const std::uint64_t snapshots = in.u64();
  in.take(40);
  const std::uint64_t flags = in.u64();
  in.take(696);
  const std::uint64_t rooted_at = in.u64();
  const std::uint64_t rolling = in.u64();
  const auto doubt = [&found](std::string text) { found.doubts.push_back(std::move(text)); };
  constexpr std::uint32_t virtual_tree = object_type::tree_root;
  if (!in.ok() || magic != volume_magic || catalog_type != virtual_tree) {
    doubt("its superblock is damaged");
  }
  if ((flags & unencrypted) == 0 || rolling != 0) doubt("it is encrypted");
  if (snapshots != 0) {
    doubt("what is in its " + std::to_string(snapshots) + " snapshots was not read");
  }
  if (reverts_to != 0 || reverts_to_block != 0 || rooted_at != 0) {
    doubt("whoever mounts it next sees one of its snapshots");
  }
  const std::uint64_t unknown = features & ~understood_of_volume;
  if (unknown != 0) doubt(unknown_features(unknown));
  if ((features & understood_of_volume) == 0) doubt("names that are kept in an old way");
  return found;
}

}  // namespace scannerqube::volume::apfs
