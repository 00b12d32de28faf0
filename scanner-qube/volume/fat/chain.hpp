// SPDX-License-Identifier: GPL-2.0-or-later
// Chains of clusters, followed with every cluster counted once.
#pragma once

#include "scanner-qube/volume/fat/geometry.hpp"
#include "scanner-qube/volume/listing.hpp"

namespace scannerqube::volume::fat {

enum class Damage : std::uint8_t {
  none,
  loop,        // it comes back to itself
  cross_link,  // it runs into clusters of another file; still read
  too_short,   // it ends before the size
  too_long,    // it goes on behind the size; what is read is all of the size
  outside,     // to a cluster that does not exist, or is marked free or bad
  unreadable,  // the table itself
};
std::string_view describe(Damage damage);

class Clusters {
 public:
  Clusters(const Source& volume, const Geometry& geometry);

  // Each cluster is marked as used: one that is used already is a loop or a cross-link.
  struct Followed {
    std::vector<Range> runs;  // in the volume
    std::uint64_t count = 0;
    Damage damage = Damage::none;
    bool too_many_runs = false;
  };
  // A chain that has to be `wanted` clusters long.
  Followed follow(std::uint32_t first, std::uint64_t wanted);
  // One that is as long as it is, and at most `limit`; `cut` says whether it went on.
  Followed follow_to_end(std::uint32_t first, std::uint64_t limit, bool& cut);
  // exFAT: clusters side by side, without a chain.
  Followed take_run(std::uint32_t first, std::uint64_t wanted);

  const Geometry& geometry() const { return geometry_; }

 private:
  enum class Link : std::uint8_t { next, end, outside, unreadable };
  Link next(std::uint32_t& cluster);
  bool step(std::uint32_t& cluster, Damage at_end, Followed& followed);
  std::optional<std::uint32_t> word(std::uint64_t offset, std::size_t size);
  bool add(std::uint32_t cluster, Followed& followed);
  Damage again(std::uint32_t cluster, const Followed& followed) const;

  const Source& volume_;
  Geometry geometry_;
  std::vector<bool> used_;  // at most max_clusters bits
  std::vector<std::byte> window_;
  std::uint64_t window_at_ = 0;
};

}  // namespace scannerqube::volume::fat
