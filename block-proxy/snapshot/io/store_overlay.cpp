// SPDX-License-Identifier: GPL-2.0-or-later
// What is written over a snapshot: stored beside it, shown, thrown away or taken to the medium.
#include <algorithm>
#include <cstring>

#include "base/wire/writer.hpp"
#include "block-proxy/snapshot/io/store_files.hpp"

namespace blockproxy::snapshot {
namespace {

constexpr std::uint64_t commit_every = 256;  // blocks between two durable places: 16 MiB

base::Unexpected<base::Error> refused(MediumFault fault, std::uint64_t block) {
  std::string_view why = "it failed";
  switch (fault) {
    case MediumFault::unreadable:
      why = "it cannot be written there";
      break;
    case MediumFault::timeout:
      why = "no answer in time";
      break;
    case MediumFault::gone:
      why = "it is gone";
      break;
    case MediumFault::full:
      why = "it is read-only or full";
      break;
  }
  return base::fail("write block " + std::to_string(block) + " to the medium: " + std::string(why) +
                    "; commit again to go on from there");
}

bool is_zero(base::wire::Bytes bytes) {
  return std::ranges::all_of(bytes, [](std::byte each) { return each == std::byte{0}; });
}

}  // namespace

base::Status Store::write(std::uint64_t offset, base::wire::Bytes data) {
  if (data.size() > max_read) return base::fail("a write of more than 32 MiB at once");
  return write_pieces({.offset = offset, .length = data.size()}, &data);
}

base::Status Store::trim(const Range& range) { return write_pieces(range, nullptr); }

base::Status Store::write_pieces(const Range& range, const base::wire::Bytes* data) {
  if (auto good = usable(); !good) return good;
  if (journal_.state == CommitState::running) {
    return base::fail("the overlay is being committed to the medium: commit again to finish first");
  }
  const auto run = geometry().blocks_of(range);
  if (!run) return base::Unexpected{run.error()};
  std::vector<std::byte> whole(block_size);
  std::uint64_t done = 0;
  for (std::uint64_t number = run->first; number < run->end(); ++number) {
    const std::size_t length = geometry().length_of(number);
    const Piece piece = piece_of(range, number);
    const auto target = std::span(whole).first(length);
    if (piece.length != length) {
      const auto before = block(number, Side::overlay);
      if (!before) return base::Unexpected{before.error()};
      std::copy(before->bytes.begin(), before->bytes.end(), target.begin());
    }
    const auto part = target.subspan(piece.offset, piece.length);
    if (data == nullptr) {
      std::ranges::fill(part, std::byte{0});
    } else {
      std::copy_n(data->data() + done, piece.length, part.begin());
    }
    done += piece.length;
    if (auto written = write_block(number, target); !written) return written;
  }
  return base::Ok{};
}

base::Status Store::write_block(std::uint64_t number, base::wire::Bytes bytes) {
  const auto before = overlay_.record(number);
  if (!before) return base::Unexpected{before.error()};
  if (auto room = room_for(block_size + record_size); !room) {
    // What was retired may be all that is needed.
    if (auto flushed = flush(); !flushed) return flushed;
    if (slots_.used() == slots_.high_water()) return room;
  }
  Record record{.state = is_zero(bytes) ? BlockState::zeros : BlockState::data};
  record.hash = leaf_hash(hash_, bytes);
  if (has_data(record.state)) {
    const auto slot = slots_.take();
    if (!slot)
      return base::fail("the overlay has reached its limit of 1 TiB: commit or discard it");
    record.slot = *slot;
  }
  const std::uint32_t taken = record.slot;
  if (auto put = overlay_.put(number, {&record, 1}, bytes); !put) {
    if (has_data(record.state)) slots_.give_back(taken);
    return put;
  }
  if (before->state == BlockState::absent) ++overlay_records_;
  if (has_data(before->state)) slots_.retire(before->slot);
  remember(number, Layer::overlay, record.state, bytes);
  return settle();
}

base::Status Store::diff(const std::function<base::Status(const Difference&)>& each) {
  if (auto flushed = flush(); !flushed) return flushed;
  return overlay_.scan([&](std::uint64_t number, const std::optional<Record>& record) {
    if (!record) return base::Status(base::fail("the overlay's index is damaged; discard it"));
    const auto before = hash_of(number);
    if (!before) return base::Status(base::Unexpected{before.error()});
    if (*before == record->hash) return base::Status(base::Ok{});
    return each({.block = number, .before = *before, .after = record->hash});
  });
}

base::Status Store::discard() {
  if (auto good = usable(); !good) return good;
  if (auto cleared = overlay_.clear(); !cleared) {
    broken_ = true;
    return cleared;
  }
  slots_.clear();
  overlay_records_ = 0;
  cache_.clear();
  if (journal_.state == CommitState::idle) return base::Ok{};
  return write_journal({.id = header_.id});
}

base::Status Store::write_journal(const Journal& journal) {
  Journal next = journal;
  next.auth = cipher_.seal(journal_signed_part(encode(next)), {}, {});
  if (auto written = journal_file_.write(0, encode(next)); !written) return written;
  if (auto synced = journal_file_.sync(); !synced) {
    broken_ = true;
    return synced;
  }
  journal_ = next;
  return base::Ok{};
}

base::Result<Digest> Store::overlay_content() {
  Digest content{};
  auto scanned = overlay_.scan([&](std::uint64_t number, const std::optional<Record>& record) {
    if (!record) return base::Status(base::fail("the overlay's index is damaged; discard it"));
    std::vector<std::byte> line;
    base::wire::Writer(line).u64(number).bytes(record->hash);
    content = hash_({content, line});
    return base::Status(base::Ok{});
  });
  if (!scanned) return base::Unexpected{scanned.error()};
  return content;
}

base::Status Store::commit(Medium& medium) {
  if (auto flushed = flush(); !flushed) return flushed;
  if (medium.size() != geometry().medium_size()) {
    return base::fail("commit: the medium is not of the snapshot's size; put the right one in");
  }
  const auto content = overlay_content();
  if (!content) return base::Unexpected{content.error()};
  Journal journal = journal_;
  if (journal.state == CommitState::running && journal.content != *content) {
    return base::fail("commit: the overlay is not the one whose commit was begun; discard it");
  }
  if (journal.state != CommitState::running) {
    journal = {.id = header_.id,
               .state = CommitState::running,
               .total = geometry().blocks(),
               .content = *content};
    if (auto begun = write_journal(journal); !begun) return begun;
  }
  std::uint64_t since = 0;
  auto written = overlay_.scan([&](std::uint64_t number, const std::optional<Record>& record) {
    if (!record || number < journal.next) return base::Status(base::Ok{});
    const auto slice = stored_block(number, *record, Layer::overlay);
    if (!slice) return base::Status(base::Unexpected{slice.error()});
    const auto put = medium.write(number * block_size, slice->bytes);
    if (!put) return base::Status(refused(put.error(), number));
    if (++since % commit_every != 0) return base::Status(base::Ok{});
    const auto durable = medium.flush();
    if (!durable) return base::Status(refused(durable.error(), number));
    journal.next = number + 1;
    return write_journal(journal);
  });
  if (!written) return written;
  if (const auto durable = medium.flush(); !durable) {
    return refused(durable.error(), geometry().blocks());
  }
  journal.next = journal.total;
  journal.state = CommitState::done;
  return write_journal(journal);
}

}  // namespace blockproxy::snapshot
