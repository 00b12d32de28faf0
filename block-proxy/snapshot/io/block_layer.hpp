// SPDX-License-Identifier: GPL-2.0-or-later
// A data file and the index that says what is in it: the base of a snapshot, or its overlay.
#pragma once

#include "block-proxy/snapshot/io/cipher.hpp"
#include "block-proxy/snapshot/io/record_file.hpp"

namespace blockproxy::snapshot {

// Owns both files. Order of durability: data, then the index that names it; see flush().
class BlockLayer {
 public:
  // `cipher` outlives the layer.
  BlockLayer(Layer kind, const Header& header, Cipher& cipher, StoreFile data, RecordFile index);

  // An error where the record cannot be read or is none.
  base::Result<Record> record(std::uint64_t block);
  // The block's bytes; `out` has its true length. Not authentic: zeros, and the block is lost.
  base::Result<Authentic> load(std::uint64_t block, const Record& record, std::span<std::byte> out);
  // Stores the consecutive blocks from `first`, whose states, slots and hashes are in `records` and
  // whose bytes are in `plain`, one after another. On failure no record is set.
  base::Status put(std::uint64_t first, std::span<Record> records, base::wire::Bytes plain);
  std::size_t waiting() const { return index_.waiting(); }
  // Makes the data durable.
  base::Status sync_data();
  // Then the records that wait.
  base::Status commit_index() { return index_.commit(); }
  // Each durable record; one that cannot be parsed comes as nothing.
  using Each = std::function<base::Status(std::uint64_t, const std::optional<Record>&)>;
  base::Status scan(const Each& each) const;
  // Durably empty: the index first, so that it never names what is gone.
  base::Status clear();

 private:
  Layer kind_;
  Geometry geometry_;
  Id id_;
  Cipher& cipher_;
  StoreFile data_;
  RecordFile index_;
  std::vector<std::byte> sealed_;
};

}  // namespace blockproxy::snapshot
