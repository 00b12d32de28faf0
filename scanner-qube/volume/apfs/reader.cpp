// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/apfs/reader.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "scanner-qube/volume/apfs/catalog.hpp"
#include "scanner-qube/volume/apfs/container.hpp"
#include "scanner-qube/volume/apfs/object_map.hpp"
#include "scanner-qube/volume/apfs/tree.hpp"

namespace scannerqube::volume::apfs {
namespace {

using base::wire::Bytes;
using base::wire::Reader;

constexpr std::string_view compression = "com.apple.decmpfs";
constexpr std::string_view link_target = "com.apple.fs.symlink";

constexpr std::uint16_t format_of(std::uint16_t mode) { return mode & 0170000U; }
constexpr std::uint16_t folder_format = 0040000;
constexpr std::uint16_t file_format = 0100000;
constexpr std::uint16_t link_format = 0120000;

Kind kind_of(const Inode& inode) {
  switch (format_of(inode.mode)) {
    case folder_format:
      return Kind::directory;
    case file_format:
      return Kind::file;
    case link_format:
      return Kind::symlink;
    default:
      return Kind::special;
  }
}

class VolumeReader {
 public:
  VolumeReader(const Catalog& catalog, const WindowSource& window, Sink& sink)
      : catalog_(catalog), window_(window), sink_(sink) {}

  void run(const std::string& root) {
    waiting_.push_back({.inode = root_folder, .path = root});
    visited_.insert(root_folder);
    const auto top = catalog_.inodes.find(root_folder);
    if (top == catalog_.inodes.end()) return gap("it has no root folder");
    if (!attributes(root + ".", root_folder, top->second)) return;
    while (!waiting_.empty()) {
      const Folder next = std::move(waiting_.back());
      waiting_.pop_back();
      if (!folder(next)) return;
    }
  }

 private:
  struct Folder {
    std::uint64_t inode = 0;
    std::string path = {};
    std::size_t depth = 0;
  };

  void gap(const std::string& what) { sink_.note(finding(Concern::not_examined, what)); }
  void damage(const std::string& path, const std::string& what) {
    sink_.note(finding(Concern::table_damaged, quote(path) + ": " + what));
  }

  bool folder(const Folder& at) {
    const auto names = catalog_.folders.find(at.inode);
    if (names == catalog_.folders.end()) return true;
    for (const Name& name : names->second) {
      Entry entry{.path = at.path + name.text};
      if (entry.path.size() > max_path) {
        gap("a path is too long: " + quote(entry.path));
        continue;
      }
      const auto inode = catalog_.inodes.find(name.inode);
      if (inode == catalog_.inodes.end()) {
        damage(entry.path, "a name of nothing");
        continue;
      }
      constexpr unsigned format_shift = 12;
      if ((name.kind & 0xfU) != format_of(inode->second.mode) >> format_shift) {
        damage(entry.path, "a name of another kind than what it names");
      }
      entry.handle.address = name.inode;
      entry.kind = kind_of(inode->second);
      entry.times = inode->second.times;
      if (entry.kind == Kind::directory) enter(at, name.inode, entry.path);
      const std::string path = entry.path;
      if (!put(std::move(entry), name.inode, inode->second)) return false;
      if (!attributes(path, name.inode, inode->second)) return false;
    }
    return true;
  }

  void enter(const Folder& from, std::uint64_t inode, const std::string& path) {
    if (!visited_.insert(inode).second) return damage(path, "a folder that is there twice");
    if (from.depth + 1 > max_depth) return gap(quote(path) + ": too many folders within folders");
    waiting_.push_back({.inode = inode, .path = path + "/", .depth = from.depth + 1});
  }

  bool put(Entry entry, std::uint64_t number, const Inode& inode) {
    if (entry.kind == Kind::symlink) {
      const Attribute* target = attribute(number, link_target);
      if (target == nullptr || target->embedded.size() < 2 ||
          target->embedded.back() != std::byte{0}) {
        damage(entry.path, "a link without a target");
      } else {
        entry.resident.assign(target->embedded.begin(), std::prev(target->embedded.end()));
        entry.size = entry.resident.size();
        entry.content = Content::resident;
      }
    }
    if (entry.kind == Kind::file) content(entry, number, inode);
    return sink_.entry(std::move(entry));
  }

  const Attribute* attribute(std::uint64_t number, std::string_view name) const {
    const auto found = catalog_.attributes.find(number);
    if (found == catalog_.attributes.end()) return nullptr;
    const auto one = std::ranges::find(found->second, name, &Attribute::name);
    return one == found->second.end() ? nullptr : &*one;
  }

  void content(Entry& entry, std::uint64_t number, const Inode& inode) {
    const Attribute* record = attribute(number, compression);
    const bool compressed = (inode.flags & flag_compressed) != 0;
    if (compressed != (record != nullptr)) {
      return damage(entry.path, "compressed by its flag only, or by its attribute only");
    }
    if (compressed) return compressed_content(entry, *record);
    stream(entry, inode.stream, inode.size);
  }

  // Its header (Apple, decmpfs.h of XNU), and the ways that libtsk reads.
  void compressed_content(Entry& entry, const Attribute& record) {
    Reader in(record.embedded);
    const std::string_view magic = base::wire::as_text(in.take(4));
    const std::uint32_t way = in.u32();
    entry.size = in.u64();
    constexpr std::array<std::uint32_t, 4> known{3, 4, 7, 8};
    if (!in.ok() || magic != "fpmc" || std::ranges::find(known, way) == known.end()) {
      return gap(quote(entry.path) + ": compressed in a way that nobody here knows");
    }
    entry.content = Content::through_read;
    entry.reason = Reason::compressed;
  }

  void stream(Entry& entry, std::uint64_t number, std::uint64_t size) {
    entry.size = size;
    if (size == 0) {
      entry.content = Content::resident;
      return;
    }
    const auto pieces = catalog_.streams.find(number);
    std::uint64_t done = 0;
    if (pieces != catalog_.streams.end() && pieces->second.front().at == 0) {
      for (const Piece& piece : pieces->second) {
        if (done >= size) break;
        const std::uint64_t length = std::min(piece.length, size - done);
        const std::uint64_t blocks = window_.size() / block_size;
        const bool beyond =
            piece.block > blocks || piece.length / block_size > blocks - piece.block;
        if (piece.block != 0 && beyond) {
          entry.extents.clear();
          return damage(entry.path, "an extent beyond the end");
        }
        const Extent extent{
            .where = {.offset = window_.start() + piece.block * block_size, .length = length},
            .backing = Backing::medium};
        const Extent hole{.where = {.offset = 0, .length = length}, .backing = Backing::zeros};
        if (!append_extent(entry.extents, piece.block == 0 ? hole : extent)) {
          entry.extents.clear();
          return gap(quote(entry.path) + ": " + std::string(name_of(Reason::too_many_extents)));
        }
        done += length;
      }
    }
    if (done < size) {
      entry.extents.clear();
      return damage(entry.path, "extents for " + std::to_string(done) + " of its " +
                                    std::to_string(size) + " bytes");
    }
    entry.content = Content::extents;
  }

  // The target of a link is in its entry.
  bool attributes(const std::string& path, std::uint64_t number, const Inode& inode) {
    const auto found = catalog_.attributes.find(number);
    if (found == catalog_.attributes.end()) return true;
    for (const Attribute& one : found->second) {
      if (one.name == link_target && kind_of(inode) == Kind::symlink) continue;
      Entry entry{.path = path + ":" + one.name, .kind = Kind::stream};
      entry.times = inode.times;
      if (entry.path.size() > max_path) {
        gap("a path is too long: " + quote(entry.path));
        continue;
      }
      if (one.stream) {
        stream(entry, *one.stream, one.size);
      } else {
        entry.size = one.size;
        entry.resident = one.embedded;
        entry.content = Content::resident;
      }
      if (!sink_.entry(std::move(entry))) return false;
    }
    return true;
  }

  const Catalog& catalog_;
  const WindowSource& window_;
  Sink& sink_;
  std::vector<Folder> waiting_;
  std::unordered_set<std::uint64_t> visited_;
};

// Whatever their number is said to be.
base::Status has_no_snapshots(const Source& container, const Volume& volume, std::uint64_t newest) {
  constexpr std::uint32_t snapshot_tree = 16;
  const auto bytes = read_object(container, volume.snapshots,
                                 {.type = object_type::tree_root,
                                  .subtype = snapshot_tree,
                                  .number = volume.snapshots,
                                  .newest = newest});
  if (!bytes) return base::fail("the tree of its snapshots: " + bytes.error().text);
  Reader in(Bytes(*bytes).subspan(header_size));
  in.u16();
  const std::uint16_t level = in.u16();
  if (level != 0 || in.u32() != 0) return base::fail("what is in its snapshots was not read");
  return base::Ok{};
}

// One volume; an error: it was not read.
base::Status list_volume(const WindowSource& window, const Container& container,
                         const ObjectMap& objects, std::uint64_t number, const std::string& root,
                         Sink& sink) {
  const auto at = objects.find(number);
  if (at == objects.end()) return base::fail("its superblock is nowhere");
  const std::uint64_t newest = container.transaction;
  const auto bytes =
      read_object(window, at->second,
                  {.type = object_type::volume, .subtype = 0, .number = number, .newest = newest});
  if (!bytes) return base::fail("its superblock: " + bytes.error().text);
  const Volume volume = look_at_volume(*bytes);
  for (const std::string& doubt : volume.doubts) {
    sink.note(finding(Concern::not_examined, root + ": " + doubt));
  }
  if (const auto none = has_no_snapshots(window, volume, newest); !none) {
    sink.note(finding(Concern::not_examined, root + ": " + none.error().text));
  }
  auto own = read_object_map(window, volume.object_map, newest);
  if (!own) return base::Unexpected{own.error()};
  Tree tree{.subtype = object_type::catalog, .root = volume.catalog, .newest = newest};
  tree.where = [&own](std::uint64_t object) -> std::optional<std::uint64_t> {
    const auto found = own->find(object);
    return found == own->end() ? std::nullopt : std::optional(found->second);
  };
  tree.compare = compare_keys;
  Catalog catalog;
  const auto whole = walk_tree(
      window, tree, [&catalog](Bytes key, Bytes value) { return add_record(catalog, key, value); });
  // What was read until then is listed all the same: it is compared, and a difference is told.
  if (!whole) sink.note(finding(Concern::table_damaged, root + ": " + whole.error().text));
  const bool alone = container.volumes.size() == 1;
  VolumeReader(catalog, window, sink).run(alone ? "" : root + "/");
  return base::Ok{};
}

}  // namespace

void list(const Source& source, Range part, Sink& sink) {
  const WindowSource window(source, part);
  const auto gap = [&sink](const std::string& what) {
    sink.note(finding(Concern::not_examined, what));
  };
  const auto container = look_at_container(window);
  if (!container) return gap("APFS: " + container.error().text);
  for (const std::string& doubt : container->doubts) gap("APFS: " + doubt);
  const auto objects = read_object_map(window, container->object_map, container->transaction);
  if (!objects) return gap("APFS: " + objects.error().text);
  std::size_t count = 0;
  for (const std::uint64_t number : container->volumes) {
    const std::string root = "volume " + std::to_string(++count);
    const auto listed = list_volume(window, *container, *objects, number, root, sink);
    if (!listed) gap(root + ": " + listed.error().text);
  }
}

}  // namespace scannerqube::volume::apfs
