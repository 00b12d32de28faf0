// SPDX-License-Identifier: GPL-2.0-or-later
// One open device or file as a medium: what it is, and what requests do to it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/io/fd.hpp"
#include "base/wire/reader.hpp"
#include "base/wire/result.hpp"
#include "block-proxy/nbd/export.hpp"
#include "block-proxy/nbd/reply.hpp"

namespace blockproxy::io {

// Its size is that of the moment it was opened: what shrinks gives errors, what grows stays as it
// was for those who are connected.
class Medium {
 public:
  static constexpr std::size_t max_extents = 512;  // in one answer to a block status request

  // Owns `fd`, a regular file or a block device, open for what `access` says. `sector_size` for
  // a file; a device knows its own.
  static base::Result<Medium> take(base::io::Fd fd, nbd::Access access, std::uint32_t sector_size);

  nbd::Export& offered() { return export_; }
  const nbd::Export& offered() const { return export_; }
  const base::io::Fd& fd() const { return fd_; }
  bool may_have_holes() const { return holes_; }

  // What is in memory already, without waiting: the number of bytes from `offset` on, 0 when the
  // first is not there. Where the filesystem cannot say, as read().
  std::size_t read_cached(std::span<std::byte> into, std::uint64_t offset);
  // All of `into`, or the error; less than all is an I/O error.
  nbd::WireError read(std::span<std::byte> into, std::uint64_t offset) const;
  nbd::WireError write(base::wire::Bytes data, std::uint64_t offset) const;
  nbd::WireError flush() const;
  nbd::WireError trim(std::uint64_t offset, std::uint32_t length) const;
  enum class Zeroes { may_be_hole, allocated, fast };
  nbd::WireError write_zeroes(std::uint64_t offset, std::uint32_t length, Zeroes how) const;
  // Reads ahead; never fails, and does not wait.
  void prefetch(std::uint64_t offset, std::uint32_t length) const;
  // Runs of data and holes that cover the range from its start, `most` of them at most.
  void extents(std::uint64_t offset, std::uint32_t length, std::size_t most,
               std::vector<nbd::Extent>& into) const;

 private:
  enum class Kind { file, device };
  Medium() = default;

  base::io::Fd fd_;
  Kind kind_ = Kind::file;
  bool holes_ = false;
  bool tells_cached_ = true;  // until the filesystem says that it cannot
  nbd::Export export_;
};

// The protocol's number for errno's.
nbd::WireError wire_error(int number);

}  // namespace blockproxy::io
