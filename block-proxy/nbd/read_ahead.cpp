// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/nbd/read_ahead.hpp"

#include <algorithm>

namespace blockproxy::nbd {

std::optional<ReadAhead::Range> ReadAhead::take(std::uint64_t offset, std::uint32_t length,
                                                std::uint64_t size) {
  const bool goes_on = offset == next_ && offset != 0;
  next_ = offset + length;
  if (!goes_on) {
    until_ = next_;
    return std::nullopt;
  }
  until_ = std::max(until_, next_);
  const std::uint64_t end = std::min(size, next_ + window);
  if (until_ >= end || until_ - next_ > window / 2) return std::nullopt;
  const Range range{.offset = until_, .length = static_cast<std::uint32_t>(end - until_)};
  until_ = end;
  return range;
}

}  // namespace blockproxy::nbd
