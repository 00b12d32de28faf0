// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/report/coverage.hpp"

#include <algorithm>

namespace scannerqube::report {
namespace {

constexpr std::size_t max_claims = std::size_t{1} << 20U;  // 24 MiB; four times that in finish()
constexpr std::array<std::string_view, uses> names{
    "outside", "free", "boot-code", "table", "unread", "deleted", "file", "unreadable", "mixed"};

constexpr std::size_t index_of(Use use) { return static_cast<std::size_t>(use); }

// How many claims of each use hold at a place.
class Depths {
 public:
  void enter(Use use) { ++depth_.at(index_of(use)); }
  void leave(Use use) { --depth_.at(index_of(use)); }
  Use top() const {
    for (std::size_t i = uses; i-- > 0;) {
      if (depth_.at(i) > 0) return Use{static_cast<std::uint8_t>(i)};
    }
    return Use::outside;
  }

 private:
  std::array<std::uint64_t, uses> depth_ = {};
};

struct Border {
  std::uint64_t at = 0;
  Use use = Use::outside;
  bool begins = false;
};

void append(std::vector<Run>& runs, std::uint64_t begin, std::uint64_t end, Use use) {
  if (begin == end) return;
  if (!runs.empty() && runs.back().use == use && runs.back().where.end() == begin) {
    runs.back().where.length += end - begin;
  } else {
    runs.push_back({.where = {.offset = begin, .length = end - begin}, .use = use});
  }
}

// Each cell that is not of one use becomes mixed. False: more runs than there may be.
bool coarsen(const std::vector<Run>& exact, std::uint64_t size, std::uint64_t cell,
             std::vector<Run>& runs) {
  runs.clear();
  std::size_t at = 0;
  for (std::uint64_t begin = 0; begin < size;) {
    while (exact[at].where.end() <= begin) ++at;
    // As many whole cells as this run covers; else one cell with whatever is in it.
    const std::uint64_t covered = (exact[at].where.end() - begin) / cell * cell;
    const bool last = exact[at].where.end() == size;
    const std::uint64_t end =
        last ? size : (covered > 0 ? begin + covered : std::min(size - begin, cell) + begin);
    append(runs, begin, end, last || covered > 0 ? exact[at].use : Use::mixed);
    if (runs.size() > max_runs) return false;
    begin = end;
  }
  return true;
}

}  // namespace

std::string_view name_of(Use use) { return names.at(index_of(use)); }

std::optional<Use> use_of(std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return Use{static_cast<std::uint8_t>(found - names.begin())};
}

bool Coverage::leaves_gap() const { return of(Use::unread) > 0 || of(Use::unreadable) > 0; }

void CoverageBuilder::add(volume::Range where, Use use) {
  if (where.offset >= size_ || where.length == 0) return;
  const std::uint64_t length = std::min(where.length, size_ - where.offset);
  if (claims_.size() >= max_claims && !full_) {
    compact();
    full_ = claims_.size() >= max_claims / 2;
  }
  if (full_) {
    cut_ = true;
    return;
  }
  claims_.push_back({.begin = where.offset, .end = where.offset + length, .use = use});
}

void CoverageBuilder::add_area(const volume::Area& area) {
  switch (area.kind) {
    case volume::AreaKind::boot_code:
      return add(area.where, Use::boot_code);
    case volume::AreaKind::table:
      return add(area.where, Use::table);
    case volume::AreaKind::space:
      return add(area.where, Use::outside);
  }
}

void CoverageBuilder::add_content(const volume::Entry& entry, Use use) {
  for (const volume::Extent& extent : entry.extents) {
    if (extent.backing == volume::Backing::medium) add(extent.where, use);
  }
}

// Joins what touches and has one use.
void CoverageBuilder::compact() {
  std::ranges::sort(claims_, [](const Claim& a, const Claim& b) {
    return a.use != b.use ? a.use < b.use : a.begin < b.begin;
  });
  std::size_t kept = 0;
  for (const Claim& claim : claims_) {
    if (kept > 0 && claims_[kept - 1].use == claim.use && claims_[kept - 1].end >= claim.begin) {
      claims_[kept - 1].end = std::max(claims_[kept - 1].end, claim.end);
    } else {
      claims_[kept++] = claim;
    }
  }
  claims_.resize(kept);
}

Coverage CoverageBuilder::finish() {
  compact();
  std::vector<Border> borders;
  borders.reserve(2 * claims_.size());
  for (const Claim& claim : claims_) {
    borders.push_back({.at = claim.begin, .use = claim.use, .begins = true});
    borders.push_back({.at = claim.end, .use = claim.use, .begins = false});
  }
  std::ranges::sort(borders, {}, &Border::at);
  Coverage coverage;
  coverage.cut = cut_;
  std::vector<Run> exact;
  Depths depths;
  std::uint64_t done = 0;
  for (const Border& border : borders) {
    append(exact, done, border.at, depths.top());
    done = border.at;
    border.begins ? depths.enter(border.use) : depths.leave(border.use);
  }
  append(exact, done, size_, Use::outside);
  for (const Run& run : exact) coverage.bytes.at(index_of(run.use)) += run.where.length;
  if (exact.size() <= max_runs) {
    coverage.runs = std::move(exact);
    return coverage;
  }
  coverage.granularity = 512;
  while (!coarsen(exact, size_, coverage.granularity, coverage.runs)) coverage.granularity *= 2;
  return coverage;
}

base::Status check(const Coverage& coverage, std::uint64_t medium_size) {
  if (coverage.runs.size() > max_runs) return base::fail("more runs than there may be");
  if (coverage.granularity == 0) return base::fail("its granularity is 0");
  std::array<std::uint64_t, uses> shown = {};
  std::uint64_t done = 0;
  const Run* before = nullptr;
  for (const Run& run : coverage.runs) {
    if (done % coverage.granularity != 0) {
      return base::fail("a run begins between two of its steps, at byte " + std::to_string(done));
    }
    if (run.where.offset != done || run.where.length == 0 ||
        run.where.length > medium_size - done || (before != nullptr && before->use == run.use)) {
      return base::fail("its runs do not follow each other at byte " + std::to_string(done));
    }
    done += run.where.length;
    shown.at(index_of(run.use)) += run.where.length;
    before = &run;
  }
  if (done != medium_size) return base::fail("its runs are not the whole medium");
  std::uint64_t hidden = shown.at(index_of(Use::mixed));
  for (std::size_t i = 0; i < uses; ++i) {
    if (Use{static_cast<std::uint8_t>(i)} == Use::mixed) continue;
    const std::uint64_t more = coverage.bytes.at(i) - shown.at(i);
    if (coverage.bytes.at(i) < shown.at(i) || more > hidden) {
      return base::fail("its totals are not those of its runs: " + std::string(names.at(i)));
    }
    hidden -= more;
  }
  if (hidden != 0 || coverage.of(Use::mixed) != 0) {
    return base::fail("its totals are not the whole medium");
  }
  return base::Ok{};
}

}  // namespace scannerqube::report
