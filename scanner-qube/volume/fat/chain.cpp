// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/fat/chain.hpp"

#include <algorithm>

namespace scannerqube::volume::fat {
namespace {

constexpr std::size_t window_size = std::size_t{64} * 1024;

}  // namespace

std::string_view describe(Damage damage) {
  switch (damage) {
    case Damage::none:
      return "none";
    case Damage::loop:
      return "its clusters form a loop";
    case Damage::cross_link:
      return "its clusters belong to another file too";
    case Damage::too_short:
      return "its clusters end before its size";
    case Damage::too_long:
      return "its clusters go on behind its size";
    case Damage::outside:
      return "its clusters lead outside";
    case Damage::unreadable:
      return "the allocation table cannot be read";
  }
  return "?";
}

Clusters::Clusters(const Source& volume, const Geometry& geometry)
    : volume_(volume), geometry_(geometry), used_(geometry.clusters) {}

std::optional<std::uint32_t> Clusters::word(std::uint64_t offset, std::size_t size) {
  const bool inside = offset >= window_at_ && offset + size <= window_at_ + window_.size();
  if (!inside) {
    auto bytes = read_some(volume_, offset, window_size);
    window_.clear();
    if (!bytes || bytes->size() < size) return std::nullopt;
    window_ = *std::move(bytes);
    window_at_ = offset;
  }
  base::wire::Reader in(
      base::wire::Bytes(window_).subspan(static_cast<std::size_t>(offset - window_at_), size));
  return size == 2 ? in.u16() : in.u32();
}

Clusters::Link Clusters::next(std::uint32_t& cluster) {
  // contains(cluster) was checked, and the table is long enough for every cluster.
  std::optional<std::uint32_t> value;
  std::uint32_t end = 0;  // this and above end a chain; one below marks a bad cluster
  switch (geometry_.width) {
    case Width::fat12:
      value = word(geometry_.table + cluster * 3 / 2, 2);
      if (value) value = cluster % 2 == 0 ? *value & 0xfffU : *value >> 4;
      end = 0xff8;
      break;
    case Width::fat16:
      value = word(geometry_.table + std::uint64_t{cluster} * 2, 2);
      end = 0xfff8;
      break;
    case Width::fat32:
      value = word(geometry_.table + std::uint64_t{cluster} * 4, 4);
      if (value) value = *value & 0x0fffffffU;
      end = 0x0ffffff8;
      break;
    case Width::exfat:
      value = word(geometry_.table + std::uint64_t{cluster} * 4, 4);
      end = 0xffffffff;
      break;
  }
  if (!value) return Link::unreadable;
  if (*value >= end) return Link::end;
  if (!geometry_.contains(*value)) return Link::outside;
  cluster = *value;
  return Link::next;
}

Damage Clusters::again(std::uint32_t cluster, const Followed& followed) const {
  const std::uint64_t at = geometry_.offset_of(cluster);
  const bool own = std::ranges::any_of(
      followed.runs, [at](const Range& run) { return at >= run.offset && at < run.end(); });
  return own ? Damage::loop : Damage::cross_link;
}

// False where the chain must not be followed further.
bool Clusters::add(std::uint32_t cluster, Followed& followed) {
  if (!geometry_.contains(cluster)) {
    followed.damage = Damage::outside;
    return false;
  }
  const std::size_t index = cluster - 2;
  if (used_[index]) {
    // A loop is met for the first time at a cluster of its own. One that began in another's
    // clusters is bounded by the size.
    if (followed.damage == Damage::none) followed.damage = again(cluster, followed);
    if (followed.damage == Damage::loop) return false;
  }
  used_[index] = true;
  ++followed.count;
  const Range where{.offset = geometry_.offset_of(cluster), .length = geometry_.cluster};
  if (!followed.runs.empty() && followed.runs.back().end() == where.offset) {
    followed.runs.back().length += where.length;
  } else if (followed.runs.size() < max_extents) {
    followed.runs.push_back(where);
  } else {
    followed.too_many_runs = true;
  }
  return true;
}

// To the next cluster. False where there is none; `at_end`: what the chain's end means here.
bool Clusters::step(std::uint32_t& cluster, Damage at_end, Followed& followed) {
  switch (next(cluster)) {
    case Link::next:
      return true;
    case Link::end:
      followed.damage = at_end;
      break;
    case Link::outside:
      followed.damage = Damage::outside;
      break;
    case Link::unreadable:
      followed.damage = Damage::unreadable;
      break;
  }
  return false;
}

Clusters::Followed Clusters::follow(std::uint32_t first, std::uint64_t wanted) {
  Followed followed;
  // More than there are cannot be a chain; this also ends a loop within another's clusters.
  if (wanted > geometry_.clusters) {
    followed.damage = Damage::too_short;
    return followed;
  }
  std::uint32_t cluster = first;
  while (followed.count < wanted) {
    if (!add(cluster, followed)) return followed;
    if (followed.count == wanted) {
      std::uint32_t behind = cluster;
      if (followed.damage == Damage::none && next(behind) == Link::next) {
        followed.damage = Damage::too_long;
      }
      return followed;
    }
    if (!step(cluster, Damage::too_short, followed)) return followed;
  }
  return followed;
}

Clusters::Followed Clusters::follow_to_end(std::uint32_t first, std::uint64_t limit, bool& cut) {
  Followed followed;
  std::uint32_t cluster = first;
  cut = false;
  for (;;) {
    if (followed.count == limit) {
      cut = true;
      return followed;
    }
    // A folder in clusters that somebody else has is not read: it may be its own ancestor.
    if (!add(cluster, followed) || followed.damage != Damage::none) return followed;
    if (!step(cluster, Damage::none, followed)) return followed;
  }
}

Clusters::Followed Clusters::take_run(std::uint32_t first, std::uint64_t wanted) {
  Followed followed;
  if (wanted > geometry_.clusters) {
    followed.damage = Damage::too_short;
    return followed;
  }
  for (std::uint64_t cluster = first; followed.count < wanted; ++cluster) {
    if (!geometry_.contains(cluster)) {
      followed.damage = Damage::outside;
      return followed;
    }
    if (!add(static_cast<std::uint32_t>(cluster), followed)) return followed;
  }
  return followed;
}

}  // namespace scannerqube::volume::fat
