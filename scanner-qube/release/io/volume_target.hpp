// SPDX-License-Identifier: GPL-2.0-or-later
// A file or a device that a volume is written to, and how what was there is taken away.
#pragma once

#include <cstdint>

#include "base/io/fd.hpp"
#include "base/wire/reader.hpp"

namespace scannerqube::release {

class VolumeTarget {
 public:
  // Borrows `out`. Fails for what is neither, and for a device of fewer than `size` bytes.
  static base::Result<VolumeTarget> open(const base::io::Fd& out, std::uint64_t size);

  bool is_file() const { return is_file_; }
  // Nothing that was there before is a volume any more: a file is empty, of a device the first
  // `head` bytes are zeros, and the last if they are not the volume's.
  base::Status clear(std::uint64_t head);
  // A cleared file gets its length, all of it a hole.
  base::Status grow();
  base::Status write(std::uint64_t offset, base::wire::Bytes bytes);
  base::Status sync();

 private:
  VolumeTarget(const base::io::Fd& out, std::uint64_t size) : out_(out), size_(size) {}
  base::Status zeros(std::uint64_t offset, std::uint64_t length);

  const base::io::Fd& out_;
  std::uint64_t size_;
  std::uint64_t capacity_ = 0;
  bool is_file_ = false;
};

}  // namespace scannerqube::release
