// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/slots.hpp"

#include <algorithm>
#include <cstddef>

namespace blockproxy::snapshot {

std::optional<std::uint32_t> Slots::take() {
  while (hint_ < used_.size() && used_[hint_]) ++hint_;
  if (hint_ == used_.size()) {
    if (used_.size() == max_slots) return std::nullopt;
    used_.push_back(false);
  }
  used_[hint_] = true;
  ++count_;
  return hint_++;
}

bool Slots::claim(std::uint32_t slot) {
  if (slot >= max_slots) return false;
  if (slot >= used_.size()) used_.resize(std::size_t{slot} + 1, false);
  if (used_[slot]) return false;
  used_[slot] = true;
  ++count_;
  return true;
}

void Slots::give_back(std::uint32_t slot) {
  if (slot >= used_.size() || !used_[slot]) return;
  used_[slot] = false;
  --count_;
  hint_ = std::min(hint_, slot);
}

void Slots::settle() {
  for (const std::uint32_t slot : retired_) give_back(slot);
  retired_.clear();
}

void Slots::clear() { *this = Slots(); }

}  // namespace blockproxy::snapshot
