// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/io/event_log.hpp"

#include <algorithm>

namespace blockproxy::snapshot {

base::Status EventLog::load() {
  const auto size = file_.size();
  if (!size) return base::Unexpected{size.error()};
  places_ = std::min<std::uint64_t>((*size + event_size - 1) / event_size, max_events);
  std::array<std::byte, event_size> bytes{};
  for (std::uint64_t at = 0; at < places_; ++at) {
    if (auto read = file_.read(at * event_size, bytes); !read) return read;
    if (bytes == std::array<std::byte, event_size>{}) continue;  // a power cut kept only the length
    const auto event = parse_event(bytes);
    if (!event || event->number != at ||
        cipher_.open(event_signed_part(bytes), event->auth, {}, {}) == Authentic::no) {
      ++damaged_;
    } else {
      events_.push_back(*event);
    }
  }
  return base::Ok{};
}

bool EventLog::has(EventKind kind, std::uint64_t block) const {
  return std::ranges::any_of(
      events_, [&](const Event& each) { return each.kind == kind && each.block == block; });
}

bool EventLog::unreadable(const Range& range) const {
  constexpr std::uint64_t sector = block_size / sectors_per_block;
  return std::ranges::any_of(events_, [&range](const Event& each) {
    const std::uint64_t start = each.block * block_size;
    if (each.kind != EventKind::unreadable || range.length == 0 ||
        start >= range.offset + range.length || range.offset >= start + block_size) {
      return false;
    }
    const Piece piece = piece_of(range, each.block);
    const std::uint64_t last = (piece.offset + piece.length - 1) / sector;
    for (std::uint64_t i = piece.offset / sector; i <= last; ++i) {
      if ((each.sectors.at(i / 8) >> (i % 8) & std::byte{1}) != std::byte{0}) return true;
    }
    return false;
  });
}

base::Status EventLog::add(Event event) {
  const bool known = std::ranges::any_of(events_, [&](const Event& each) {
    return each.kind == event.kind && each.block == event.block && each.first == event.first &&
           each.second == event.second && each.sectors == event.sectors;
  });
  if (known) return base::Ok{};
  if (places_ >= max_events) {
    return base::fail("the snapshot's list of errors is full (" + std::to_string(max_events) +
                      "): the medium is defective or lies; give it up");
  }
  event.number = static_cast<std::uint32_t>(places_);
  event.auth = cipher_.seal(event_signed_part(encode(event)), {}, {});
  if (auto written = file_.write(places_ * event_size, encode(event)); !written) return written;
  dirty_ = true;
  ++places_;
  events_.push_back(event);
  return base::Ok{};
}

base::Status EventLog::sync() {
  if (!dirty_) return base::Ok{};
  if (auto synced = file_.sync(); !synced) return synced;
  dirty_ = false;
  return base::Ok{};
}

}  // namespace blockproxy::snapshot
