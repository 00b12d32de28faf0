// SPDX-License-Identifier: GPL-2.0-or-later
// Memory for checked blocks, as pages of a file without a name: so they can go to a reader without
// being copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/io/fd.hpp"
#include "base/wire/reader.hpp"

namespace blockproxy::snapshot {

// Bytes of a block. They stay, and stay the same, as long as somebody holds them.
using Block = std::shared_ptr<std::byte[]>;

// One thread. Blocks may outlive the pool. Memory is taken when blocks are first written, and kept.
class BlockPool {
 public:
  // At most `capacity` blocks are pages of the file; more come from the heap, and are copied. So do
  // all where the file cannot be had.
  explicit BlockPool(std::size_t capacity);

  Block get();

  // Where `bytes`, which are of one block, lie in file(). Nothing: on the heap, or this is the
  // first time that they are asked for. Giving a block's pages away costs more than one copy, so
  // what is read once is copied.
  // From then on the pages are not written any more: a pipe or a socket may have them for as long
  // as it likes.
  std::optional<std::uint64_t> lend(base::wire::Bytes bytes);
  const base::io::Fd& file() const;

 private:
  struct Memory;
  std::shared_ptr<Memory> memory_;
};

}  // namespace blockproxy::snapshot
