// SPDX-License-Identifier: GPL-2.0-or-later
// An APFS container with one volume of files, folders, links and attributes: mkapfs leaves it
// empty, and only macOS or a kernel module fills it. apfsck finds nothing wrong with what is
// written here (apfs_test.cpp). As Apple's "Apple File System Reference" has it.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "tests/fakes/folder.hpp"
#include "tests/scanner-qube/volume/apfs_nodes.hpp"

namespace tests {

class ApfsVolume {
 public:
  // Where mkapfs puts what tests spoil.
  static constexpr std::uint64_t container_at = 0;  // and its newest checkpoint
  static constexpr std::uint64_t checkpoint_at = 2;
  static constexpr std::uint64_t spaceman_at = 66;
  static constexpr std::uint64_t volume_at = 20002;
  static constexpr std::uint64_t catalog_at = 20005;
  static constexpr std::uint64_t snapshots_at = 20007;

  explicit ApfsVolume(const Folder& folder);

  // Folders on the way are made. ASCII alone: names are hashed without regard to case.
  void file(const std::string& path, const std::string& content);
  // `content` after a hole of as many bytes, whole blocks.
  void file_with_hole(const std::string& path, std::uint64_t hole, const std::string& content);
  // By zlib, in an attribute, as macOS keeps a small one; at most 3,000 bytes.
  void compressed_file(const std::string& path, const std::string& content);
  void link(const std::string& path, const std::string& target);
  // Another name of a file; of a folder, as no driver makes one.
  void hard_link(const std::string& path, const std::string& file);
  // Of a file that is there.
  void attribute(const std::string& path, const std::string& name, const std::string& content);
  // Writes it all; its path. A file's content lies in one piece, from block first_block on.
  std::string finish();

  static constexpr std::uint64_t first_block = 22000;
  // The blocks that hold structures, not content; after finish().
  const std::vector<std::uint64_t>& structures() const { return structures_; }

  // Afterwards: another volume with the same trees.
  void second_volume();

  // Bytes of a block of an image replaced, and the checksum made right again.
  static void reseal(const std::string& image, std::uint64_t block, std::size_t at,
                     const std::string& with);

 private:
  using Buffer = apfs_image::Buffer;
  // As keys are ordered: object, type, then offset or hash, then name.
  using Order = std::tuple<std::uint64_t, std::uint8_t, std::uint64_t, std::string>;
  struct Record {
    Buffer key;
    Buffer value;
  };
  struct Extent {
    std::uint64_t block = 0;
    std::uint64_t count = 0;
    std::uint64_t owner = 0;
  };
  struct Name {
    std::uint64_t folder = 0;
    std::string text;
    std::uint64_t inode = 0;
    std::uint16_t kind = 0;
  };
  struct Inode {
    std::uint64_t parent = 0;
    std::string name;
    std::uint16_t mode = 0;
    std::uint32_t flags = 0;     // as BSD has them
    std::uint32_t children = 0;  // of a folder; of others: names
    bool stream = false;
    std::uint64_t size = 0;
    std::uint64_t hole = 0;
    std::uint64_t uncompressed = 0;
  };

  std::uint64_t folder_of(const std::string& path);
  std::uint64_t add(const std::string& path, std::uint16_t mode, std::uint16_t kind);
  void name_in(std::uint64_t folder, const std::string& name, std::uint64_t inode,
               std::uint16_t kind);
  void extent(std::uint64_t inode, std::uint64_t at, std::uint64_t block, std::uint64_t length);
  void extended(std::uint64_t inode, const std::string& name, std::uint16_t flags,
                const std::string& content);
  void put_names();
  void put_inodes();
  std::uint64_t put_catalog();
  void put_extents();
  void put_counts(std::uint64_t nodes);
  void take_blocks(std::uint64_t count);

  std::string image_;
  std::map<Order, Record> records_;
  std::map<std::uint64_t, Inode> inodes_;
  std::vector<Name> names_;
  std::map<std::string, std::uint64_t> paths_;
  std::vector<Extent> extents_;
  std::vector<std::uint64_t> structures_;
  std::uint64_t next_inode_ = 16;
  std::uint64_t next_block_ = first_block;
  std::uint64_t content_blocks_ = 0;
};

}  // namespace tests
