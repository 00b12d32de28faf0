// SPDX-License-Identifier: GPL-2.0-or-later
// From the cache, else from the store, else from the medium.
#include <algorithm>
#include <cstring>

#include "block-proxy/snapshot/io/fetch.hpp"
#include "block-proxy/snapshot/io/store_files.hpp"

namespace blockproxy::snapshot {
namespace {

bool only_zeros(base::wire::Bytes bytes) {
  // Compares the bytes with themselves moved by one: as fast as memcmp.
  return bytes.empty() || (bytes[0] == std::byte{0} &&
                           std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

BlockState state_of(base::wire::Bytes block, const SectorMap& bad) {
  if (only_zeros(block)) return bad == SectorMap{} ? BlockState::zeros : BlockState::patched_zeros;
  return bad == SectorMap{} ? BlockState::data : BlockState::patched;
}

base::Error lost_error(std::uint64_t number) {
  return {
      "block " + std::to_string(number) +
      ": the stored bytes are not those that were stored; the snapshot is damaged, make a new one"};
}

}  // namespace

base::Status Store::usable() const {
  if (!broken_) return base::Ok{};
  return base::fail("the snapshot's disk failed to keep what was written; open the snapshot again");
}

base::Status Store::expect_size(std::uint64_t size) {
  if (size != geometry().medium_size()) {
    if (auto noted = note({.kind = EventKind::resized, .block = size}); !noted) return noted;
    return base::fail("the medium has " + std::to_string(size) +
                      " bytes, the snapshot is of one with " +
                      std::to_string(geometry().medium_size()) +
                      ": another medium, or one that changes its size");
  }
  return base::Ok{};
}

base::Status Store::attach(Medium& medium) {
  if (auto fits = expect_size(medium.size()); !fits) return fits;
  medium_ = &medium;
  return base::Ok{};
}

base::Status Store::note(Event event) {
  event.time = now();
  return events_.add(event);
}

base::Result<Slices> Store::read(const Range& range, Side side) {
  if (auto good = usable(); !good) return base::Unexpected{good.error()};
  if (range.length > max_read) return base::fail("a read of more than 32 MiB at once");
  const auto run = geometry().blocks_of(range);
  if (!run) return base::Unexpected{run.error()};
  Slices slices;
  slices.reserve(run->count);
  for (std::uint64_t number = run->first; number < run->end(); ++number) {
    // All that is absent from here on is fetched in one request.
    if (cache_.find(cache_key(number, Layer::base)) == nullptr) {
      const auto absent = run_to_fetch(number, run->end(), side);
      if (!absent) return base::Unexpected{absent.error()};
      if (*absent != 0) {
        if (auto got = fetch_run({.first = number, .count = *absent}); !got) {
          return base::Unexpected{got.error()};
        }
      }
    }
    auto slice = block(number, side);
    if (!slice) return base::Unexpected{slice.error()};
    const Piece piece = piece_of(range, number);
    slice->bytes = slice->bytes.subspan(piece.offset, piece.length);
    slices.push_back(*std::move(slice));
  }
  return slices;
}

std::optional<base::wire::Bytes> Store::peek(const Range& range, Side side) {
  const std::uint64_t number = range.offset / block_size;
  const Piece piece = piece_of(range, number);
  if (broken_ || piece.length != range.length) return std::nullopt;
  Layer layer = Layer::base;
  if (side == Side::overlay && overlay_records_ != 0) {
    const auto record = overlay_.record(number);
    if (!record) return std::nullopt;
    if (record->state != BlockState::absent) layer = Layer::overlay;
  }
  const Block* known = cache_.find(cache_key(number, layer));
  if (known == nullptr || range.offset + range.length > geometry().medium_size()) {
    return std::nullopt;
  }
  return base::wire::Bytes(known->get() + piece.offset, piece.length);
}

base::Result<std::uint64_t> Store::run_of_absent(std::uint64_t first, std::uint64_t limit) {
  std::uint64_t count = 0;
  while (count < max_fetch && first + count < limit) {
    const auto record = base_.record(first + count);
    if (!record) {
      if (count == 0) return base::Unexpected{record.error()};
      break;
    }
    if (record->state != BlockState::absent) break;
    ++count;
  }
  return count;
}

// What the overlay covers is not fetched: nobody would see it.
base::Result<std::uint64_t> Store::run_to_fetch(std::uint64_t first, std::uint64_t limit,
                                                Side side) {
  auto absent = run_of_absent(first, limit);
  if (!absent || side == Side::base || overlay_records_ == 0) return absent;
  for (std::uint64_t count = 0; count < *absent; ++count) {
    const auto record = overlay_.record(first + count);
    if (!record) return base::Unexpected{record.error()};
    if (record->state != BlockState::absent) return count;
  }
  return absent;
}

base::Result<std::optional<BlockRun>> Store::missing(const Range& range, Side side) {
  const auto run = geometry().blocks_of(range);
  if (!run) return base::Unexpected{run.error()};
  for (std::uint64_t number = run->first; number < run->end(); ++number) {
    if (cache_.find(cache_key(number, Layer::base)) != nullptr) continue;
    const auto absent = run_to_fetch(number, run->end(), side);
    if (!absent) return base::Unexpected{absent.error()};
    if (*absent != 0) return std::optional(BlockRun{.first = number, .count = *absent});
  }
  return std::optional<BlockRun>();
}

base::Result<Slice> Store::block(std::uint64_t number, Side side) {
  if (side == Side::overlay && overlay_records_ != 0) {
    const auto record = overlay_.record(number);
    if (!record) return base::Unexpected{record.error()};
    if (record->state != BlockState::absent) return stored_block(number, *record, Layer::overlay);
  }
  auto record = base_.record(number);
  if (!record) return base::Unexpected{record.error()};
  if (record->state == BlockState::absent) {
    if (auto got = fetch_run({.first = number, .count = 1}); !got) {
      return base::Unexpected{got.error()};
    }
    record = base_.record(number);
    if (!record) return base::Unexpected{record.error()};
  }
  return stored_block(number, *record, Layer::base);
}

base::Result<Slice> Store::stored_block(std::uint64_t number, const Record& record, Layer layer) {
  const std::size_t length = geometry().length_of(number);
  const std::uint64_t key = cache_key(number, layer);
  if (const Block* known = cache_.find(key)) return Slice{*known, {known->get(), length}};
  BlockLayer& from = layer == Layer::base ? base_ : overlay_;
  Block bytes = has_data(record.state) ? pool_.get() : zeros_;
  // Blocks of zeros share one buffer, which stays zeros.
  const auto out = has_data(record.state) ? std::span(bytes.get(), length) : std::span<std::byte>();
  const auto loaded = from.load(number, record, out);
  if (!loaded) return base::Unexpected{loaded.error()};
  if (*loaded == Authentic::no) {
    if (layer == Layer::overlay) return base::Unexpected{lost_error(number)};
    if (auto recovered = recover(number, record); !recovered) {
      return base::Unexpected{recovered.error()};
    }
    const Block* fetched = cache_.find(key);
    if (fetched == nullptr) return base::Unexpected{lost_error(number)};
    return Slice{*fetched, {fetched->get(), length}};
  }
  cache_.put(key, bytes, length);
  return Slice{bytes, {bytes.get(), length}};
}

base::Status Store::read_medium(const BlockRun& run) {
  if (medium_ == nullptr) {
    return base::fail("block " + std::to_string(run.first) +
                      " is not in the snapshot and the medium is not there; plug it in again");
  }
  std::optional<std::uint64_t> ended_at;
  staging_.resize(max_fetch * block_size);
  const auto bytes = std::span(staging_).first(geometry().bytes_of(run).length);
  FetchPlan plan(geometry(), run);
  auto got = fetch(*medium_, plan, bytes, ended_at);
  bad_ = plan.bad();
  if (ended_at) {
    if (auto noted = note({.kind = EventKind::resized, .block = *ended_at}); !noted) return noted;
  }
  return got;
}

base::Status Store::fetch_run(const BlockRun& run) {
  if (auto room = room_for(run.count * (block_size + record_size)); !room) return room;
  if (auto got = read_medium(run); !got) return got;
  return accept(run, std::span(staging_).first(geometry().bytes_of(run).length), bad_);
}

base::Status Store::accept(const BlockRun& run, base::wire::Bytes bytes,
                           std::span<const SectorMap> bad) {
  if (auto good = usable(); !good) return good;
  if (seal_) return base::fail("the snapshot is sealed: nothing is added to it");
  if (run.count > max_fetch || run.first > geometry().blocks() ||
      run.count > geometry().blocks() - run.first || bad.size() != run.count ||
      bytes.size() != geometry().bytes_of(run).length) {
    return base::fail("blocks were handed in that are not what was missing");
  }
  // Runs of what is still absent: another reader's fetch may have been faster.
  for (std::uint64_t at = 0; at < run.count;) {
    const auto absent = run_of_absent(run.first + at, run.end());
    if (!absent) return base::Unexpected{absent.error()};
    if (*absent == 0) {
      ++at;
      continue;
    }
    const BlockRun part{.first = run.first + at, .count = *absent};
    const Range range = geometry().bytes_of(part);
    auto stored = store_run(part.first, bytes.subspan(at * block_size, range.length),
                            bad.subspan(at, part.count));
    if (!stored) return stored;
    at += *absent;
  }
  return settle();
}

base::Status Store::store_run(std::uint64_t first, base::wire::Bytes bytes,
                              std::span<const SectorMap> bad) {
  if (auto room = room_for(bad.size() * (block_size + record_size)); !room) return room;
  std::vector<Record> records(bad.size());
  std::uint64_t with_data = 0;
  for (std::size_t i = 0; i < bad.size(); ++i) {
    const auto part = bytes.subspan(i * block_size, geometry().length_of(first + i));
    records[i].state = state_of(part, bad[i]);
    const bool zeros = !has_data(records[i].state);
    records[i].hash = zeros && part.size() == block_size ? zeros_hash_ : leaf_hash(hash_, part);
    with_data += zeros ? 0 : 1;
    if (is_patched(records[i].state)) {
      auto noted = note({.kind = EventKind::unreadable, .block = first + i, .sectors = bad[i]});
      if (!noted) return noted;
    }
  }
  if (auto put = base_.put(first, records, bytes); !put) return put;
  stored_ += bad.size();
  stored_data_ += with_data;
  for (std::size_t i = 0; i < bad.size(); ++i) {
    const auto part = bytes.subspan(i * block_size, geometry().length_of(first + i));
    remember(first + i, Layer::base, records[i].state, part);
  }
  return base::Ok{};
}

void Store::remember(std::uint64_t number, Layer layer, BlockState state, base::wire::Bytes bytes) {
  Block copy = zeros_;
  if (has_data(state)) {
    copy = pool_.get();
    std::copy(bytes.begin(), bytes.end(), copy.get());
  }
  cache_.put(cache_key(number, layer), std::move(copy), bytes.size());
}

base::Status Store::recover(std::uint64_t number, const Record& record) {
  auto noted = note({.kind = EventKind::lost, .block = number, .first = record.hash});
  if (!noted) return noted;
  if (seal_ || medium_ == nullptr) return base::Unexpected{lost_error(number)};
  const BlockRun run{.first = number, .count = 1};
  if (auto got = read_medium(run); !got) return got;
  const auto bytes = std::span(staging_).first(geometry().length_of(number));
  const Digest found = leaf_hash(hash_, bytes);
  if (found != record.hash) {
    noted =
        note({.kind = EventKind::changed, .block = number, .first = record.hash, .second = found});
    if (!noted) return noted;
    return base::fail(
        "block " + std::to_string(number) +
        ": its stored bytes are lost, and the medium now answers differently; take it "
        "for hostile or broken");
  }
  // The record's state is as little vouched for as its bytes: it comes from what was found.
  Record again{.state = state_of(bytes, bad_[0]), .hash = record.hash};
  if (auto put = base_.put(number, {&again, 1}, bytes); !put) return put;
  remember(number, Layer::base, again.state, bytes);
  return base::Ok{};
}

base::Status Store::settle() {
  const std::size_t waiting = base_.waiting() + overlay_.waiting() + slots_.retired();
  return waiting * block_size < options_.dirty_bytes ? base::Status(base::Ok{}) : flush();
}

base::Status Store::flush() {
  if (auto good = usable(); !good) return good;
  for (BlockLayer* layer : {&base_, &overlay_}) {
    if (auto synced = layer->sync_data(); !synced) {
      broken_ = true;  // a second sync would succeed without having kept anything
      return synced;
    }
  }
  if (auto synced = events_.sync(); !synced) {
    broken_ = true;
    return synced;
  }
  for (BlockLayer* layer : {&base_, &overlay_}) {
    if (auto written = layer->commit_index(); !written) return written;
  }
  slots_.settle();
  return base::Ok{};
}

std::uint64_t Store::used() const {
  return (stored_data_ + slots_.high_water()) * block_size +
         (stored_ + overlay_records_) * record_size + events_.places() * event_size + header_size +
         seal_size + journal_size;
}

base::Status Store::room_for(std::uint64_t bytes) const {
  if (used() <= options_.quota && bytes <= options_.quota - used()) return base::Ok{};
  return base::fail("the snapshot has reached its limit of " + std::to_string(options_.quota) +
                    " bytes; raise the limit, or drop snapshots that nobody needs");
}

}  // namespace blockproxy::snapshot
