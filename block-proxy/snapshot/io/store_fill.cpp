// SPDX-License-Identifier: GPL-2.0-or-later
// In the background: the rest of the medium, and a sample of it a second time.
#include <cstring>

#include "block-proxy/snapshot/io/fetch.hpp"
#include "block-proxy/snapshot/io/store_files.hpp"

namespace blockproxy::snapshot {

base::Result<Progress> Store::complete(std::uint64_t budget) {
  if (auto good = usable(); !good) return base::Unexpected{good.error()};
  const std::uint64_t blocks = geometry().blocks();
  std::uint64_t left = std::max<std::uint64_t>(1, budget / block_size);
  while (cursor_ < blocks && left != 0) {
    const auto absent = run_of_absent(cursor_, std::min(blocks, cursor_ + left));
    if (!absent) return base::Unexpected{absent.error()};
    if (*absent == 0) {
      ++cursor_;
      continue;
    }
    if (auto got = fetch_run({.first = cursor_, .count = *absent}); !got) {
      return base::Unexpected{got.error()};
    }
    cursor_ += *absent;
    left -= *absent;
  }
  return progress();
}

Probe Store::start_probe(std::uint64_t one_in) {
  std::array<std::byte, sizeof(std::uint64_t)> seed{};
  random_bytes(seed);
  return Probe(Sampler(geometry().blocks(), std::max<std::uint64_t>(1, one_in),
                       std::bit_cast<std::uint64_t>(seed)));
}

base::Status Store::probe_some(Probe& probe, std::uint64_t budget) {
  if (auto good = usable(); !good) return good;
  for (; budget != 0; --budget) {
    const auto number = probe.sampler.next();
    if (!number) {
      probe.done = true;
      return events_.sync();
    }
    if (auto compared = probe_block(probe, *number); !compared) return compared;
  }
  return base::Ok{};
}

base::Status Store::probe_block(Probe& probe, std::uint64_t number) {
  const auto may = comparable(number);
  if (!may) return base::Unexpected{may.error()};
  if (!*may) return base::Ok{};
  if (auto got = read_medium({.first = number, .count = 1}); !got) return got;
  const auto same = compare(number, std::span(staging_).first(geometry().length_of(number)));
  if (!same) return base::Unexpected{same.error()};
  ++probe.compared;
  if (*same == Again::different) ++probe.different;
  return base::Ok{};
}

base::Result<Again> Store::compare(std::uint64_t number, base::wire::Bytes bytes) {
  const auto record = base_.record(number);
  if (!record) return base::Unexpected{record.error()};
  const Digest found = leaf_hash(hash_, bytes);
  if (found == record->hash) return Again::same;
  auto noted =
      note({.kind = EventKind::changed, .block = number, .first = record->hash, .second = found});
  if (!noted) return base::Unexpected{noted.error()};
  return Again::different;
}

base::Result<bool> Store::comparable(std::uint64_t number) {
  const auto record = base_.record(number);
  if (!record) return base::Unexpected{record.error()};
  return record->state != BlockState::absent && !is_patched(record->state);
}

}  // namespace blockproxy::snapshot
