// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/scanner-qube/volume/apfs_volume.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/wire/writer.hpp"
#include "tests/scanner-qube/volume/apfs_nodes.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests {
namespace {

using namespace apfs_image;
using base::wire::Writer;

constexpr std::uint64_t root_folder = 2;
constexpr std::uint64_t first_own = 16;                  // inode
constexpr std::uint64_t time_ns = 1735689600'000000000;  // 1 January 2025

// Records of the catalogue.
constexpr std::uint8_t inode_record = 3;
constexpr std::uint8_t attribute_record = 4;
constexpr std::uint8_t sibling_record = 5;
constexpr std::uint8_t stream_record = 6;
constexpr std::uint8_t extent_record = 8;
constexpr std::uint8_t name_record = 9;
constexpr std::uint8_t sibling_map_record = 12;

// As mkapfs lays a container out.
constexpr std::uint64_t object_map_at = 20004;
constexpr std::uint64_t extents_at = 20006;
constexpr std::uint64_t chunks_at = 21017;
constexpr std::uint64_t bitmap_at = 21016;
constexpr std::uint64_t catalog_object = 1027;
constexpr std::uint64_t first_object = 1124;  // that nothing has yet
constexpr std::uint64_t blocks_of_chunk = 32768;

// CRC-32C of what a name is without regard to case, four bytes for each character.
std::uint32_t hash_of(const std::string& name) {
  std::uint32_t crc = 0xffffffff;
  for (const char c : name) {
    const auto lower = static_cast<std::uint8_t>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    for (const std::uint8_t byte : {lower, std::uint8_t{0}, std::uint8_t{0}, std::uint8_t{0}}) {
      crc ^= byte;
      for (int bit = 0; bit < 8; ++bit) crc = crc >> 1U ^ ((crc & 1U) != 0 ? 0x82f63b78U : 0U);
    }
  }
  return crc & 0x3fffff;
}

void key_head(Writer& out, std::uint64_t object, std::uint8_t type) {
  out.u64(object | std::uint64_t{type} << 60U);
}

// One stored block and Adler's checksum (RFC 1950, 1951).
std::string zlib_of(const std::string& content) {
  std::uint32_t low = 1;
  std::uint32_t high = 0;
  for (const char c : content) {
    low = (low + static_cast<std::uint8_t>(c)) % 65521;
    high = (high + low) % 65521;
  }
  Buffer bytes;
  const auto size = static_cast<std::uint16_t>(content.size());
  Writer(bytes).u16(0x0178).u8(1).u16(size).u16(static_cast<std::uint16_t>(~size)).text(content);
  base::wire::BigWriter(bytes).u32(high << 16U | low);
  return text_of(bytes);
}

std::uint64_t blocks_of(std::uint64_t bytes) {
  return (bytes + apfs_image::block_size - 1) / apfs_image::block_size;
}

std::string folder_name(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

std::string last_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

ApfsVolume::ApfsVolume(const Folder& folder) : image_(blank(folder, "apfs.img", 513)) {
  shell(
      "mkapfs -L STICK -U 3e6be9de-8139-11d1-9106-a43f08d823a6"
      " -u 4e6be9de-8139-11d1-9106-a43f08d823a6 " +
      image_);
  inodes_[root_folder] = {.parent = 1, .name = "root", .mode = 040755};
  inodes_[3] = {.parent = 1, .name = "private-dir", .mode = 040755};
  paths_[""] = root_folder;
  name_in(1, "root", root_folder, 4);
  name_in(1, "private-dir", 3, 4);
}

void ApfsVolume::name_in(std::uint64_t folder, const std::string& name, std::uint64_t inode,
                         std::uint16_t kind) {
  names_.push_back({.folder = folder, .text = name, .inode = inode, .kind = kind});
  if (inodes_.contains(folder)) ++inodes_[folder].children;
}

// A file of several names: each of these has a number, by which it and the file find each other.
void ApfsVolume::put_names() {
  for (const Name& name : names_) {
    const std::uint32_t hash = hash_of(name.text);
    Record& record = records_[{name.folder, name_record, hash, name.text}];
    Writer key(record.key);
    key_head(key, name.folder, name_record);
    key.u32(hash << 10U | static_cast<std::uint32_t>(name.text.size() + 1)).text(name.text).u8(0);
    Writer value(record.value);
    value.u64(name.inode).u64(time_ns).u16(name.kind);
    if (name.kind == 4 || inodes_[name.inode].children < 2) continue;
    const std::uint64_t sibling = next_inode_++;
    value.u16(1).u16(8).u8(1).u8(0).u16(8).u64(sibling);
    Record& of_file = records_[{name.inode, sibling_record, sibling, ""}];
    Writer of_file_key(of_file.key);
    key_head(of_file_key, name.inode, sibling_record);
    of_file_key.u64(sibling);
    Writer(of_file.value)
        .u64(name.folder)
        .u16(static_cast<std::uint16_t>(name.text.size() + 1))
        .text(name.text)
        .u8(0);
    Record& of_name = records_[{sibling, sibling_map_record, 0, ""}];
    Writer of_name_key(of_name.key);
    key_head(of_name_key, sibling, sibling_map_record);
    Writer(of_name.value).u64(name.inode);
  }
}

std::uint64_t ApfsVolume::folder_of(const std::string& path) {
  const std::string folder = folder_name(path);
  const auto found = paths_.find(folder);
  return found != paths_.end() ? found->second : add(folder, 040755, 4);
}

std::uint64_t ApfsVolume::add(const std::string& path, std::uint16_t mode, std::uint16_t kind) {
  const std::uint64_t parent = folder_of(path);
  const std::uint64_t inode = next_inode_++;
  const bool is_folder = kind == 4;
  inodes_[inode] = {
      .parent = parent, .name = last_name(path), .mode = mode, .children = is_folder ? 0U : 1U};
  paths_[path] = inode;
  name_in(parent, last_name(path), inode, kind);
  return inode;
}

void ApfsVolume::extent(std::uint64_t inode, std::uint64_t at, std::uint64_t block,
                        std::uint64_t length) {
  Record record;
  Writer key(record.key);
  key_head(key, inode, extent_record);
  key.u64(at);
  Writer(record.value).u64(length).u64(block).u64(0);
  records_[{inode, extent_record, at, ""}] = std::move(record);
  if (block != 0)
    extents_.push_back({.block = block, .count = length / block_size, .owner = inode});
}

void ApfsVolume::file(const std::string& path, const std::string& content) {
  file_with_hole(path, 0, content);
}

void ApfsVolume::file_with_hole(const std::string& path, std::uint64_t hole,
                                const std::string& content) {
  const std::uint64_t inode = add(path, 0100644, 8);
  Inode& of = inodes_[inode];
  of.size = hole + content.size();
  of.hole = hole;
  if (of.size == 0) return;
  of.stream = true;
  Record record;
  Writer key(record.key);
  key_head(key, inode, stream_record);
  Writer(record.value).u32(1);
  records_[{inode, stream_record, 0, ""}] = std::move(record);
  if (hole != 0) extent(inode, 0, 0, hole);
  if (content.empty()) return;
  const std::uint64_t count = blocks_of(content.size());
  extent(inode, hole, next_block_, count * block_size);
  poke(image_, next_block_ * block_size, content);
  take_blocks(count);
  content_blocks_ += count;
}

void ApfsVolume::extended(std::uint64_t inode, const std::string& name, std::uint16_t flags,
                          const std::string& content) {
  Record record;
  Writer key(record.key);
  key_head(key, inode, attribute_record);
  key.u16(static_cast<std::uint16_t>(name.size() + 1)).text(name).u8(0);
  constexpr std::uint16_t embedded = 2;
  Writer(record.value)
      .u16(flags | embedded)
      .u16(static_cast<std::uint16_t>(content.size()))
      .text(content);
  records_[{inode, attribute_record, 0, name}] = std::move(record);
}

void ApfsVolume::compressed_file(const std::string& path, const std::string& content) {
  const std::uint64_t inode = add(path, 0100644, 8);
  constexpr std::uint32_t compressed = 0x20;
  inodes_[inode].flags = compressed;
  inodes_[inode].uncompressed = content.size();
  Buffer value;
  constexpr std::uint32_t zlib_in_attribute = 3;
  Writer(value).text("fpmc").u32(zlib_in_attribute).u64(content.size()).text(zlib_of(content));
  extended(inode, "com.apple.decmpfs", 0, text_of(value));
}

void ApfsVolume::link(const std::string& path, const std::string& target) {
  constexpr std::uint16_t of_file_system = 4;
  extended(add(path, 0120777, 10), "com.apple.fs.symlink", of_file_system, target + '\0');
}

void ApfsVolume::hard_link(const std::string& path, const std::string& file) {
  const std::uint64_t inode = paths_.at(file);
  const bool is_folder = (inodes_[inode].mode & 0170000U) == 0040000;
  name_in(folder_of(path), last_name(path), inode, is_folder ? 4 : 8);
  if (!is_folder) ++inodes_[inode].children;
}

void ApfsVolume::attribute(const std::string& path, const std::string& name,
                           const std::string& content) {
  extended(paths_.at(path), name, 0, content);
}

void ApfsVolume::take_blocks(std::uint64_t count) {
  if (next_block_ + count > blocks_of_chunk) std::abort();  // more than this writer has room for
  std::string map = read_block(image_, bitmap_at);
  for (std::uint64_t block = next_block_; block < next_block_ + count; ++block) {
    char& byte = map.at(block / 8);
    byte = static_cast<char>(static_cast<unsigned char>(byte) | 1U << block % 8);
  }
  poke(image_, bitmap_at * block_size, map);
  next_block_ += count;
}

void ApfsVolume::put_inodes() {
  for (const auto& [number, inode] : inodes_) {
    Record record;
    Writer key(record.key);
    key_head(key, number, inode_record);
    Writer out(record.value);
    out.u64(inode.parent).u64(number);
    for (int i = 0; i < 4; ++i) out.u64(time_ns);
    constexpr std::uint64_t no_resource_fork = 0x8000;
    constexpr std::uint64_t sparse = 0x200;
    constexpr std::uint64_t tells_uncompressed = 0x40000;
    out.u64((number >= first_own ? no_resource_fork : 0) | (inode.hole != 0 ? sparse : 0) |
            (inode.uncompressed != 0 ? tells_uncompressed : 0));
    out.u32(inode.children).u32(0).u32(0).u32(inode.flags).u32(0).u32(0);
    out.u16(inode.mode).u16(0).u64(inode.uncompressed);
    // Extended fields: the name, the stream, the hole; each value in whole eight bytes.
    Buffer heads;
    Buffer values;
    Writer head(heads);
    Writer value(values);
    std::uint16_t fields = 0;
    const auto field = [&](std::uint8_t type, std::uint8_t flags, std::size_t size) {
      head.u8(type).u8(flags).u16(static_cast<std::uint16_t>(size));
      ++fields;
    };
    field(4, 2, inode.name.size() + 1);
    value.text(inode.name).u8(0);
    value.zeros((8 - values.size() % 8) % 8);
    if (inode.stream) {
      field(8, 0x20, 40);
      const std::uint64_t held = blocks_of(inode.size) * block_size;
      value.u64(inode.size).u64(held).u64(0).u64(inode.size).u64(0);
    }
    if (inode.hole != 0) {
      field(13, 0x28, 8);
      value.u64(inode.hole);
    }
    out.u16(fields).u16(static_cast<std::uint16_t>(values.size())).bytes(heads).bytes(values);
    records_[{number, inode_record, 0, ""}] = std::move(record);
  }
}

// Leaves below a root, as many as it takes; how many nodes there are.
std::uint64_t ApfsVolume::put_catalog() {
  std::vector<std::vector<NodeRecord>> leaves(1);
  TreeInfo info{.flags = 0x40};
  std::size_t used = 0;
  for (const auto& [order, record] : records_) {
    const std::size_t size = record.key.size() + record.value.size();
    const std::size_t room = block_size - header_size - info_size;
    if (used + size + table_size(leaves.back().size() + 1) > room) {
      leaves.emplace_back();
      used = 0;
    }
    leaves.back().push_back({.key = &record.key, .value = &record.value});
    used += size;
    info.longest_key = std::max(info.longest_key, record.key.size());
    info.longest_value = std::max(info.longest_value, record.value.size());
    ++info.keys;
  }
  constexpr std::uint32_t root_type = 2;
  constexpr std::uint32_t node_type = 3;
  constexpr std::uint32_t catalog_type = 14;
  NodeKind root{.object = catalog_object,
                .type = root_type,
                .subtype = catalog_type,
                .level = 0,
                .root = true};
  if (leaves.size() == 1) {
    std::string bytes = node(root, leaves.front());
    put_info(bytes, info);
    write_sealed(image_, catalog_at, bytes);
    return 1;
  }
  // The map of the volume's objects: each leaf has a number, and lies somewhere.
  std::string map = read_block(image_, object_map_at);
  std::vector<Buffer> pointers;
  std::vector<NodeRecord> index;
  pointers.reserve(leaves.size());
  std::uint64_t object = first_object;
  std::size_t entry = 1;
  for (const auto& records : leaves) {
    write_sealed(image_, next_block_,
                 node({.object = object, .type = node_type, .subtype = catalog_type}, records));
    structures_.push_back(next_block_);
    Writer(pointers.emplace_back()).u64(object);
    index.push_back({.key = records.front().key, .value = &pointers.back()});
    put_mapping(map, entry++, object++, next_block_);
    take_blocks(1);
  }
  write_sealed(image_, object_map_at, map);
  root.level = 1;
  std::string bytes = node(root, index);
  info.nodes = 1 + leaves.size();
  put_info(bytes, info);
  write_sealed(image_, catalog_at, bytes);
  for (const std::uint64_t at : {container_at, checkpoint_at}) {
    std::string container = read_block(image_, at);
    set(container, 0x58, object, 8);
    write_sealed(image_, at, container);
  }
  return info.nodes;
}

void ApfsVolume::put_extents() {
  std::vector<Record> records;
  std::vector<NodeRecord> all;
  records.reserve(extents_.size());
  for (const Extent& extent : extents_) {
    Record& record = records.emplace_back();
    constexpr std::uint8_t physical = 2;
    Writer key(record.key);
    key_head(key, extent.block, physical);
    constexpr std::uint64_t made_new = std::uint64_t{1} << 60U;
    Writer(record.value).u64(extent.count | made_new).u64(extent.owner).u32(1);
    all.push_back({.key = &record.key, .value = &record.value});
  }
  if (all.empty()) return;
  constexpr std::uint32_t physical_root = 0x40000002;
  constexpr std::uint32_t extents_type = 15;
  std::string bytes = node({.object = extents_at,
                            .type = physical_root,
                            .subtype = extents_type,
                            .level = 0,
                            .root = true},
                           all);
  put_info(bytes,
           {.flags = 0x50, .longest_key = 8, .longest_value = 20, .keys = all.size(), .nodes = 1});
  write_sealed(image_, extents_at, bytes);
}

void ApfsVolume::put_counts(std::uint64_t nodes) {
  std::uint64_t files = 0;
  std::uint64_t folders = 0;
  std::uint64_t links = 0;
  for (const auto& [number, inode] : inodes_) {
    if (number < first_own) continue;
    const unsigned kind = inode.mode & 0170000U;
    ++(kind == 040000 ? folders : kind == 0120000 ? links : files);
  }
  std::string volume = read_block(image_, volume_at);
  set(volume, 0x58, long_at(volume, 0x58) + content_blocks_ + nodes - 1, 8);
  set(volume, 0xb0, next_inode_, 8);
  set(volume, 0xb8, files, 8);
  set(volume, 0xc0, folders, 8);
  set(volume, 0xc8, links, 8);
  write_sealed(image_, volume_at, volume);
  const std::uint64_t taken = next_block_ - first_block;
  std::string chunks = read_block(image_, chunks_at);
  set(chunks, 0x28 + 0x14, word_at(chunks, 0x28 + 0x14) - taken, 4);
  write_sealed(image_, chunks_at, chunks);
  std::string spaceman = read_block(image_, spaceman_at);
  set(spaceman, 0x48, long_at(spaceman, 0x48) - taken, 8);
  write_sealed(image_, spaceman_at, spaceman);
}

std::string ApfsVolume::finish() {
  put_names();
  put_inodes();
  put_extents();
  structures_ = {container_at, checkpoint_at, 20000,         20001,
                 volume_at,    20003,         object_map_at, catalog_at};
  put_counts(put_catalog());
  return image_;
}

void ApfsVolume::second_volume() {
  constexpr std::uint64_t object = 2000;
  constexpr std::uint64_t map_at = 20001;
  std::string volume = read_block(image_, volume_at);
  set(volume, 8, object, 8);
  set(volume, 0x24, 1, 4);
  write_sealed(image_, next_block_, volume);
  std::string map = read_block(image_, map_at);
  put_mapping(map, 1, object, next_block_);
  write_sealed(image_, map_at, map);
  take_blocks(1);
  for (const std::uint64_t at : {container_at, checkpoint_at}) {
    std::string container = read_block(image_, at);
    set(container, 0xb8 + 8, object, 8);
    write_sealed(image_, at, container);
  }
}

void ApfsVolume::reseal(const std::string& image, std::uint64_t block, std::size_t at,
                        const std::string& with) {
  std::string bytes = read_block(image, block);
  bytes.replace(at, with.size(), with);
  bytes.resize(block_size);
  write_sealed(image, block, std::move(bytes));
}

}  // namespace tests
