// SPDX-License-Identifier: GPL-2.0-or-later
// When a medium is to read on by itself: while a reply is on its way, it would stand still.
#pragma once

#include <cstdint>
#include <optional>

namespace blockproxy::nbd {

// Pure. Sees the long reads of one client as they come.
class ReadAhead {
 public:
  // As much as a fast stick reads in 10 ms.
  static constexpr std::uint32_t window = 4U << 20U;

  struct Range {
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
  };

  // What to begin with now, beyond this read and within a medium of `size` bytes. Nothing for the
  // first read of a sequence, and while more than half of the window is still ahead.
  std::optional<Range> take(std::uint64_t offset, std::uint32_t length, std::uint64_t size);

 private:
  std::uint64_t next_ = 0;   // where the read after the last one would begin
  std::uint64_t until_ = 0;  // the medium has been told of what is before
};

}  // namespace blockproxy::nbd
