// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/apfs/catalog.hpp"

#include <utility>

namespace scannerqube::volume::apfs {
namespace {

using base::wire::Bytes;
using base::wire::Reader;

enum class Type : std::uint8_t {
  inode = 3,
  attribute = 4,
  sibling = 5,
  stream = 6,
  crypto = 7,
  extent = 8,
  name = 9,
  folder_statistics = 10,
  sibling_map = 12,
};

struct Key {
  std::uint64_t object = 0;
  Type type = Type::inode;
  std::uint64_t number = 0;  // by which those of one object and type are ordered, and
  std::string_view name = {};
};

// `size` with the zero at its end, and no other in it.
std::optional<std::string_view> name_of(Reader& in, std::size_t size) {
  const std::string_view text = base::wire::as_text(in.take(size));
  if (!in.done() || text.size() < 2 || text.find('\0') != text.size() - 1) return std::nullopt;
  return text.substr(0, text.size() - 1);
}

std::optional<Key> read_key(Bytes untrusted) {
  Reader in(untrusted);
  const std::uint64_t head = in.u64();
  Key key{.object = head & ((std::uint64_t{1} << 60U) - 1), .type = static_cast<Type>(head >> 60U)};
  switch (key.type) {
    case Type::inode:
    case Type::stream:
    case Type::crypto:
    case Type::folder_statistics:
    case Type::sibling_map:
      break;
    case Type::sibling:
    case Type::extent:
      key.number = in.u64();
      break;
    case Type::name: {
      key.number = in.u32();  // hash and length
      const auto text = name_of(in, key.number & 0x3ffU);
      if (!text) return std::nullopt;
      key.name = *text;
      break;
    }
    case Type::attribute: {
      const auto text = name_of(in, in.u16());
      if (!text) return std::nullopt;
      key.name = *text;
      break;
    }
    default:
      return std::nullopt;  // of snapshots, sealed volumes, or of nothing that is known
  }
  return in.done() ? std::optional(key) : std::nullopt;
}

// Bytes of a stream, by what describes it.
std::optional<std::uint64_t> stream_size(Bytes untrusted) {
  Reader in(untrusted);
  const std::uint64_t size = in.u64();
  in.take(32);
  return in.done() ? std::optional(size) : std::nullopt;
}

constexpr std::uint64_t nanoseconds = 1'000'000'000;

bool add_inode(Catalog& catalog, const Key& key, Bytes value) {
  Reader in(value);
  in.u64();  // its folder
  Inode inode{.stream = in.u64()};
  const auto time = [&in] { return static_cast<std::int64_t>(in.u64() / nanoseconds); };
  inode.times.created = time();
  inode.times.modified = time();
  inode.times.changed = time();
  inode.times.accessed = time();
  in.take(20);  // flags of its own, children or links, protection class, generation
  inode.flags = in.u32();
  in.take(8);
  inode.mode = in.u16();
  in.take(10);
  if (!in.ok()) return false;
  if (!in.rest().empty()) {
    // Extended fields: a list, and behind it their values in whole eight bytes.
    const std::uint16_t count = in.u16();
    const std::uint16_t used = in.u16();
    Reader heads(in.take(std::size_t{count} * 4));
    Reader values(in.rest());
    if (!in.ok() || in.rest().size() != used) return false;
    bool has_stream = false;
    for (std::uint16_t i = 0; i < count; ++i) {
      const std::uint8_t type = heads.u8();
      heads.u8();
      const std::uint16_t size = heads.u16();
      const Bytes field = values.take(size);
      values.take((8U - size % 8U) % 8U);
      if (!values.ok()) return false;
      constexpr std::uint8_t stream_field = 8;
      constexpr std::uint8_t size_before_field = 5;  // a driver cuts the file back to it
      if (type == size_before_field) return false;
      if (type != stream_field) continue;
      const auto stream = stream_size(field);
      if (!stream || std::exchange(has_stream, true)) return false;
      inode.size = *stream;
    }
  }
  return catalog.inodes.emplace(key.object, inode).second;
}

bool add_name(Catalog& catalog, const Key& key, Bytes value) {
  Reader in(value);
  const std::uint64_t inode = in.u64();
  in.u64();  // when it was put there
  const std::uint16_t kind = in.u16();
  if (!in.ok()) return false;
  catalog.folders[key.object].push_back(
      {.text = std::string(key.name), .inode = inode, .kind = kind});
  return true;
}

// Each begins where the last one ends: whoever looks for an offset finds the same one. One that is
// being deleted may have lost its first ones.
bool add_extent(Catalog& catalog, const Key& key, Bytes value) {
  Reader in(value);
  const std::uint64_t length = in.u64();
  const std::uint64_t block = in.u64();
  in.u64();  // of encryption
  if (!in.done() || length == 0 || length % block_size != 0 || length >> 56U != 0) return false;
  if (key.number >> 62U != 0) return false;
  auto& pieces = catalog.streams[key.object];
  const bool follows = pieces.empty() || key.number == pieces.back().at + pieces.back().length;
  if (!follows) return false;
  pieces.push_back({.at = key.number, .length = length, .block = block});
  return true;
}

bool add_attribute(Catalog& catalog, const Key& key, Bytes value) {
  constexpr std::uint16_t has_stream = 1;
  constexpr std::uint16_t is_embedded = 2;
  Reader in(value);
  const std::uint16_t flags = in.u16();
  const std::uint16_t size = in.u16();
  const Bytes data = in.take(size);
  if (!in.done()) return false;
  Attribute attribute{.name = std::string(key.name)};
  switch (flags & (has_stream | is_embedded)) {
    case is_embedded:
      attribute.embedded.assign(data.begin(), data.end());
      attribute.size = data.size();
      break;
    case has_stream: {
      Reader fields(data);
      attribute.stream = fields.u64();
      const auto stream = stream_size(fields.rest());
      if (!stream) return false;
      attribute.size = *stream;
      break;
    }
    default:
      return false;
  }
  catalog.attributes[key.object].push_back(std::move(attribute));
  return true;
}

bool add(Catalog& catalog, const Key& key, Bytes value) {
  switch (key.type) {
    case Type::inode:
      return add_inode(catalog, key, value);
    case Type::name:
      return add_name(catalog, key, value);
    case Type::extent:
      return add_extent(catalog, key, value);
    case Type::attribute:
      return add_attribute(catalog, key, value);
    case Type::sibling:
    case Type::stream:
    case Type::crypto:
    case Type::folder_statistics:
    case Type::sibling_map:
      return true;  // nothing that somebody reads as content
  }
  return false;
}

}  // namespace

std::optional<std::strong_ordering> compare_keys(Bytes one, Bytes other) {
  const auto a = read_key(one);
  const auto b = read_key(other);
  if (!a || !b) return std::nullopt;
  if (a->object != b->object) return a->object <=> b->object;
  if (a->type != b->type) return a->type <=> b->type;
  // The length of a name, in the lower bits, does not count.
  const unsigned shift = a->type == Type::name ? 10 : 0;
  const auto order = (a->number >> shift) <=> (b->number >> shift);
  if (order != 0) return order;
  return a->name <=> b->name;
}

base::Status add_record(Catalog& catalog, Bytes untrusted_key, Bytes value) {
  const auto key = read_key(untrusted_key);
  if (!key || !add(catalog, *key, value)) {
    return base::fail("a record that nobody here knows, or that cannot be");
  }
  return base::Ok{};
}

}  // namespace scannerqube::volume::apfs
