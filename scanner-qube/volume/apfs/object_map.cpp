// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/apfs/object_map.hpp"

#include "scanner-qube/volume/apfs/tree.hpp"

namespace scannerqube::volume::apfs {
namespace {

using base::wire::Bytes;
using base::wire::Reader;

struct Version {
  std::uint64_t number = 0;
  std::uint64_t transaction = 0;
  auto operator<=>(const Version&) const = default;
};

Version read_version(Bytes untrusted) {  // 16 bytes, as the tree has seen to
  Reader in(untrusted);
  const std::uint64_t number = in.u64();
  return {.number = number, .transaction = in.u64()};
}

}  // namespace

base::Result<ObjectMap> read_object_map(const Source& container, std::uint64_t block,
                                        std::uint64_t newest) {
  const auto bytes = read_object(
      container, block,
      {.type = object_type::object_map, .subtype = 0, .number = block, .newest = newest});
  if (!bytes) return base::fail("a map of objects: " + bytes.error().text);
  Reader in(Bytes(*bytes).subspan(header_size));
  in.u32();  // flags
  const std::uint32_t snapshots = in.u32();
  const std::uint32_t tree_type = in.u32();
  in.u32();
  Tree tree{.subtype = object_type::object_map, .newest = newest, .fixed = true};
  tree.root = in.u64();
  in.take(16);
  const std::uint64_t reverts = in.u64() | in.u64();
  if (snapshots != 0 || reverts != 0) return base::fail("a map of objects that has snapshots");
  tree.compare = [](Bytes one, Bytes other) {
    return std::optional<std::strong_ordering>(read_version(one) <=> read_version(other));
  };
  constexpr std::uint32_t physical_tree = 0x40000000 | object_type::tree_root;
  if (tree_type != physical_tree) return base::fail("a map of objects that is no tree");
  ObjectMap map;
  const auto done = walk_tree(container, tree, [&](Bytes key, Bytes value) -> base::Status {
    const Version object = read_version(key);
    Reader fields(value);
    const std::uint32_t flags = fields.u32();
    const std::uint32_t size = fields.u32();
    const std::uint64_t at = fields.u64();
    const std::string name = "object " + std::to_string(object.number);
    if (flags != 0 || size != block_size || object.transaction > newest) {
      return base::fail(name + " is deleted, encrypted or of the future");
    }
    if (!map.emplace(object.number, at).second) {
      return base::fail(name + " is there in several versions");
    }
    if (map.size() > max_objects) return base::fail("too many objects");
    return base::Ok{};
  });
  if (!done) return base::fail("a map of objects: " + done.error().text);
  return map;
}

}  // namespace scannerqube::volume::apfs
