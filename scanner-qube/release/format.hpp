// SPDX-License-Identifier: GPL-2.0-or-later
// What FAT32 and exFAT have in common for their writer: where things lie, and bytes on demand.
//
// All offsets are from the volume's start, without a partition table before it.
#pragma once

#include <functional>
#include <memory>

#include "scanner-qube/release/places.hpp"

namespace scannerqube::release {

inline constexpr std::uint64_t sector = 512;
inline constexpr std::size_t folder_record = 32;

class Format {
 public:
  Format() = default;
  Format(const Format&) = delete;
  Format& operator=(const Format&) = delete;
  virtual ~Format() = default;

  struct Geometry {
    std::uint64_t heap = 0;     // of cluster 2
    std::uint64_t cluster = 0;  // bytes
    std::uint64_t clusters = 0;
    std::uint64_t size = 0;  // of the volume
  };
  const Geometry& geometry() const { return geometry_; }
  const Places& places() const { return places_; }
  std::uint64_t folder_bytes(std::uint32_t index) const { return folder_bytes_[index]; }
  // Rising and apart; what else lies before the heap is zeros.
  const std::vector<volume::Range>& metadata() const { return metadata_; }
  // The first of them: without it nobody takes the rest for a volume.
  std::uint64_t head() const { return metadata_.front().length; }

  virtual volume::FileSystem kind() const = 0;
  // Bytes of a range of metadata().
  virtual void generate(std::uint64_t offset, std::span<std::byte> out) const = 0;
  // folder_bytes() bytes.
  virtual std::vector<std::byte> folder(std::uint32_t index) const = 0;

 protected:
  Geometry geometry_ = {};
  Places places_ = {};
  std::vector<std::uint64_t> folder_bytes_ = {};
  std::vector<volume::Range> metadata_ = {};
};

struct FormatPlace {
  std::uint64_t sectors_before = 0;  // on the device
};
// Fail with what does not fit into the format.
base::Result<std::unique_ptr<Format>> plan_fat32(const Contents& contents, FormatPlace place);
base::Result<std::unique_ptr<Format>> plan_exfat(const Contents& contents, FormatPlace place);

std::uint32_t serial_of(const Contents& contents);
std::uint64_t round_up(std::uint64_t value, std::uint64_t to);
// Little-endian words of a table, of which `out` is any part.
void fill_words(std::uint64_t offset, std::span<std::byte> out,
                const std::function<std::uint32_t(std::uint32_t)>& word);
// A part of bytes that begin at `start`, into the part of `out` that they overlap.
void copy_overlap(base::wire::Bytes from, std::uint64_t start, std::uint64_t offset,
                  std::span<std::byte> out);

}  // namespace scannerqube::release
