// SPDX-License-Identifier: GPL-2.0-or-later
// A medium of which each byte that is read is one that its root names.
//
// What it is read from may lie, and may answer differently the second time. Pure.
#pragma once

#include <functional>
#include <memory>

#include "base/hash/merkle.hpp"
#include "scanner-qube/release/limits.hpp"
#include "scanner-qube/volume/source.hpp"

namespace scannerqube::release {

class ProvenSource final : public volume::Source {
 public:
  using OnProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

  // Reads all of `from`, which is borrowed, and keeps the hash of each block: 32 bytes for 64 KiB.
  // An error unless they have this root. Sectors that `from` cannot read count as zeros, as in a
  // snapshot's root; nobody can read them later.
  static base::Result<std::unique_ptr<ProvenSource>> prove(const volume::Source& from,
                                                           const base::hash::Digest& root,
                                                           const OnProgress& on_progress = {});

  std::uint64_t size() const override { return from_.size(); }
  // An error where a block is not what it was when it was proven, or a sector was unreadable.
  base::Result<std::size_t, volume::ReadError> read(std::uint64_t offset,
                                                    std::span<std::byte> out) const override;

 private:
  using Block = base::Result<std::span<const std::byte>, volume::ReadError>;

  explicit ProvenSource(const volume::Source& from) : from_(from), block_(base::hash::leaf_size) {}
  // All of block `number` into block_, with zeros for what cannot be read, which is in unread_.
  std::span<const std::byte> fetch(std::uint64_t number) const;
  Block proven(std::uint64_t number) const;

  const volume::Source& from_;
  std::vector<base::hash::Digest> leaves_;
  mutable base::hash::Sha256 hash_;
  mutable std::vector<std::byte> block_;
  mutable std::vector<volume::ReadError> unread_;  // sectors of block_, rising
  mutable std::size_t length_ = 0;
  mutable std::uint64_t held_ = ~std::uint64_t{0};  // the block that is in block_, proven
};

}  // namespace scannerqube::release
