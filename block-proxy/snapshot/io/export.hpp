// SPDX-License-Identifier: GPL-2.0-or-later
// A snapshot as files that others can read: a raw image, and a list of hashes. Both are made in
// steps, so that whoever reads the snapshot meanwhile does not wait for them.
#pragma once

#include "base/io/fd.hpp"
#include "block-proxy/snapshot/io/store.hpp"

namespace blockproxy::snapshot {

enum class Missing : std::uint8_t {
  refuse,  // only complete snapshots
  holes,   // what was never read is a hole, as blocks of zeros are
};

// The base, written to a regular file from offset 0.
class ImageExport {
 public:
  // Borrows the store.
  static base::Result<ImageExport> begin(Store& store, base::io::Fd out, Missing missing);
  // The next `budget` blocks.
  base::Status step(std::uint64_t budget);
  Progress progress() const { return {.done = next_, .total = store_->geometry().blocks()}; }
  std::uint64_t holes() const { return holes_; }  // blocks that were missing

 private:
  ImageExport(Store& store, base::io::Fd out) : store_(&store), out_(std::move(out)) {}
  Store* store_;
  base::io::Fd out_;
  std::uint64_t next_ = 0;
  std::uint64_t holes_ = 0;
};

// "OFFSET LENGTH HASH" a line, in bytes and lower-case hex; "-" for a block that was never read;
// then "root HASH", or "root -" where a block is missing.
class HashExport {
 public:
  // Borrows the store.
  HashExport(Store& store, base::io::Fd out) : store_(&store), out_(std::move(out)) {}
  base::Status step(std::uint64_t budget);
  Progress progress() const { return {.done = next_, .total = store_->geometry().blocks()}; }

 private:
  Store* store_;
  base::io::Fd out_;
  TreeBuilder tree_;
  std::uint64_t next_ = 0;
  bool whole_ = true;
  bool ended_ = false;
};

}  // namespace blockproxy::snapshot
