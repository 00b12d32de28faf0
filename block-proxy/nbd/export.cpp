// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/nbd/export.hpp"

#include "block-proxy/nbd/protocol.hpp"

namespace blockproxy::nbd {

std::uint16_t Export::transmission_flags() const {
  // Several connections see each other's writes: all of them go through one page cache.
  unsigned flags = transmission::has_flags | transmission::send_flush | transmission::send_df |
                   transmission::can_multi_conn | transmission::send_cache;
  if (access == Access::read_only) {
    flags |= transmission::read_only;
  } else {
    flags |= transmission::send_fua | transmission::send_trim | transmission::send_write_zeroes |
             transmission::send_fast_zero;
  }
  if (spinning == Spinning::yes) flags |= transmission::rotational;
  return static_cast<std::uint16_t>(flags);
}

}  // namespace blockproxy::nbd
