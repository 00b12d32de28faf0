// SPDX-License-Identifier: GPL-2.0-or-later
// The volume that a target gets: clean files of a medium in a file system made by us alone.
//
// Virtual: it knows where each byte comes from and holds no content. In memory are the list, the
// new names and some twenty bytes a file; a reader adds one folder's records (at most
// max_folder_bytes). The same list, report, time and options give the same bytes.
#pragma once

#include "scanner-qube/release/format.hpp"

namespace scannerqube::release {

enum class FormatWish : std::uint8_t { fat32_if_it_fits, fat32, exfat };
// A whole device as one volume, or a table with one partition, which Windows likes on sticks.
enum class Table : std::uint8_t { none, mbr };

struct VolumeOptions {
  FormatWish format = FormatWish::fat32_if_it_fits;
  Table table = Table::none;
  std::string report = {};  // text beside the manifest; empty: none
  std::string note = {};    // lines of the manifest, each "# ..." and its newline
  // Bytes. A list may name the same content many times over: a short one can ask for terabytes.
  std::uint64_t largest = ~std::uint64_t{0};
  std::int64_t time = 0;  // of folders, manifest and report: what FAT cannot write becomes 1980
};

// A range of one kind.
struct Piece {
  enum class From : std::uint8_t { generated, medium, zeros } from = From::zeros;
  std::uint64_t length = 0;  // to the end of the range
  std::uint64_t medium = 0;  // where it begins there
  // Which file of list() it is content of, at whatever place; nullopt: of none.
  std::optional<std::uint32_t> file = std::nullopt;
};

class Volume {
 public:
  static base::Result<Volume> make(ReleaseList list, VolumeOptions options);

  std::uint64_t size() const { return start_ + format_->geometry().size; }
  volume::FileSystem kind() const { return format_->kind(); }
  // Up to here is what makes a reader take the rest for a volume: write it last.
  std::uint64_t head() const { return start_ + format_->head(); }
  // Sorted, in the order of their content on the volume.
  const ReleaseList& list() const { return contents_->list(); }
  std::string new_path(std::uint32_t file) const { return contents_->names().path_of(file); }

 private:
  friend class VolumeReader;
  Volume() = default;
  void make_table();

  std::unique_ptr<const Contents> contents_;
  std::unique_ptr<const Format> format_;
  std::uint64_t start_ = 0;  // of the file system; a table lies before it
  std::vector<std::byte> table_;
};

// Reads a volume, best from its start to its end. One for each reader: it remembers where it was.
class VolumeReader {
 public:
  explicit VolumeReader(const Volume& of) : volume_(of) {}
  // What begins at `offset`, which is below the volume's size.
  Piece at(std::uint64_t offset);
  // All of `out` from one generated piece.
  void generate(std::uint64_t offset, std::span<std::byte> out);
  // All of `out`, or less only at the volume's end; what comes from the medium is asked of it. No
  // hash is checked.
  base::Result<std::size_t, volume::ReadError> read(std::uint64_t offset, std::span<std::byte> out,
                                                    const volume::Source& medium);

 private:
  Piece in_metadata(std::uint64_t offset) const;
  Piece in_heap(std::uint64_t offset);
  Piece in_file(std::uint32_t file, std::uint64_t offset);
  Places::Run run_at(std::uint64_t offset) const;

  const Volume& volume_;
  std::optional<std::uint32_t> folder_;  // whose records are here:
  std::vector<std::byte> records_;
  std::uint32_t file_ = 0;  // the extent that was read last, and where it begins in this file
  std::size_t extent_ = 0;
  std::uint64_t extent_at_ = 0;
};

// The volume as bytes, for whoever reads a Source.
class VolumeSource final : public volume::Source {
 public:
  VolumeSource(const Volume& of, const volume::Source& medium)
      : size_(of.size()), reader_(of), medium_(medium) {}
  std::uint64_t size() const override { return size_; }
  base::Result<std::size_t, volume::ReadError> read(std::uint64_t offset,
                                                    std::span<std::byte> out) const override {
    return reader_.read(offset, out, medium_);
  }

 private:
  std::uint64_t size_;
  mutable VolumeReader reader_;
  const volume::Source& medium_;
};

}  // namespace scannerqube::release
