// SPDX-License-Identifier: GPL-2.0-or-later
// The root hash: computed, sealed, and checked against every stored byte.
#include "block-proxy/snapshot/io/store_files.hpp"

namespace blockproxy::snapshot {

base::Result<std::optional<Digest>> Store::hash_of(std::uint64_t block) {
  const auto record = base_.record(block);
  if (!record) return base::Unexpected{record.error()};
  if (record->state == BlockState::absent) return std::optional<Digest>();
  return std::optional(record->hash);
}

base::Result<Digest> Store::root() {
  TreeBuilder tree;
  for (std::uint64_t number = 0; number < geometry().blocks(); ++number) {
    const auto hash = hash_of(number);
    if (!hash) return base::Unexpected{hash.error()};
    if (!*hash) {
      return base::fail("block " + std::to_string(number) +
                        " was not read from the medium: complete the snapshot first");
    }
    tree.push(**hash);
  }
  return root_of(geometry(), tree.finish());
}

base::Result<std::vector<Digest>> Store::proof(std::uint64_t block) {
  if (block >= geometry().blocks()) return base::fail("a proof of a block past the medium's end");
  TreeBuilder tree(block);
  for (std::uint64_t number = 0; number < geometry().blocks(); ++number) {
    const auto hash = hash_of(number);
    if (!hash) return base::Unexpected{hash.error()};
    if (!*hash) return base::fail("block " + std::to_string(number) + " was not read yet");
    tree.push(**hash);
  }
  (void)tree.finish();
  return tree.proof();
}

base::Result<Seal> Store::seal() {
  if (seal_) return *seal_;
  if (auto flushed = flush(); !flushed) return base::Unexpected{flushed.error()};
  const auto root_hash = root();
  if (!root_hash) return base::Unexpected{root_hash.error()};
  Seal seal{.root = *root_hash, .id = header_.id, .time = now(), .events = events_.places()};
  seal.auth = cipher_.seal(seal_signed_part(encode(seal)), {}, {});
  if (auto written = seal_file_.write(0, encode(seal)); !written) {
    return base::Unexpected{written.error()};
  }
  if (auto synced = seal_file_.sync(); !synced) {
    broken_ = true;
    return base::Unexpected{synced.error()};
  }
  seal_ = seal;
  return seal;
}

base::Status Store::verify_some(Verification& walk, std::uint64_t budget) {
  if (auto good = usable(); !good) return good;
  std::vector<std::byte> bytes(block_size);
  const std::uint64_t blocks = geometry().blocks();
  for (; budget != 0 && walk.next < blocks; --budget, ++walk.next) {
    const auto record = base_.record(walk.next);
    if (!record) {
      walk.lost.append(walk.next);
      continue;
    }
    if (record->state == BlockState::absent) {
      walk.absent.append(walk.next);
      continue;
    }
    const auto out = std::span(bytes).first(
        has_data(record->state) ? geometry().length_of(walk.next) : std::size_t{0});
    const auto loaded = base_.load(walk.next, *record, out);
    if (!loaded) return base::Unexpected{loaded.error()};
    if (*loaded == Authentic::no) {
      walk.lost.append(walk.next);
      auto noted = note({.kind = EventKind::lost, .block = walk.next, .first = record->hash});
      if (!noted) return noted;
      continue;
    }
    walk.tree.push(record->hash);
  }
  if (walk.next == blocks && walk.lost.blocks() == 0 && walk.absent.blocks() == 0 && !walk.root) {
    walk.root = root_of(geometry(), walk.tree.finish());
    walk.matches_seal = seal_ && seal_->root == *walk.root && events_.places() >= seal_->events &&
                        events_.damaged() == 0;
  }
  return base::Ok{};
}

base::Result<ExtentSet> Store::extents(std::size_t max_runs) {
  if (auto flushed = flush(); !flushed) return base::Unexpected{flushed.error()};
  ExtentSet read(max_runs);
  auto scanned = base_.scan([&](std::uint64_t number, const std::optional<Record>&) {
    read.append(number);
    return base::Status(base::Ok{});
  });
  if (!scanned) return base::Unexpected{scanned.error()};
  return read;
}

}  // namespace blockproxy::snapshot
