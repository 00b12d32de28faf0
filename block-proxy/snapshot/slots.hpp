// SPDX-License-Identifier: GPL-2.0-or-later
// Where in the overlay's data file a new version of a block may be written.
//
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace blockproxy::snapshot {

inline constexpr std::uint32_t max_slots = std::uint32_t{1} << 24;  // 1 TiB: the record's 24 bits

// A slot goes free -> used -> retired -> free. It is retired when a newer version takes its place,
// and free only after settle(): when the index that names the newer one is durable. So whatever a
// durable index names was not written over.
class Slots {
 public:
  // Nothing when all are used or retired.
  std::optional<std::uint32_t> take();
  // While an index is read: this slot is named by it. False if it was already.
  bool claim(std::uint32_t slot);
  void retire(std::uint32_t slot) { retired_.push_back(slot); }
  // A slot whose write failed: no index ever named it.
  void give_back(std::uint32_t slot);
  void settle();
  void clear();

  std::size_t retired() const { return retired_.size(); }
  // Slots that the file has room for, free ones too.
  std::uint32_t high_water() const { return static_cast<std::uint32_t>(used_.size()); }
  std::uint32_t used() const { return count_; }

 private:
  std::vector<bool> used_;  // at most max_slots bits: 2 MiB
  std::vector<std::uint32_t> retired_;
  std::uint32_t count_ = 0;
  std::uint32_t hint_ = 0;  // no free slot is below
};

}  // namespace blockproxy::snapshot
