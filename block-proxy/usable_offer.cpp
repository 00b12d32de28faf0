// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/usable_offer.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace blockproxy {
namespace {

constexpr std::uint32_t smallest_sector = 512;
constexpr std::uint32_t largest_sector = 4096;
constexpr std::uint64_t largest_medium = std::numeric_limits<std::int64_t>::max();

}  // namespace

base::Result<nbd::Export> usable_offer(const AttachRequest& request, const nbd::Offer& untrusted) {
  const auto has = [&untrusted](std::uint16_t bit) { return (untrusted.flags & bit) != 0; };
  const bool read_only = has(nbd::transmission::read_only);
  if (request.access == nbd::Access::read_only && !read_only) {
    return base::fail("the backend offers the device for writing, but it is attached read-only");
  }
  if (request.type == AttachRequest::Type::cdrom && request.access != nbd::Access::read_only) {
    return base::fail("a disc is not written, but this one is to be attached for writing");
  }
  if (untrusted.size < smallest_sector) {
    return base::fail("the medium has " + std::to_string(untrusted.size) +
                      " bytes; there is no device that small");
  }
  if (untrusted.size > largest_medium) {
    return base::fail("the medium claims to have " + std::to_string(untrusted.size) +
                      " bytes; there is no device that large");
  }
  const std::uint32_t sector = std::max(untrusted.minimum_block, smallest_sector);
  if (sector > largest_sector || !std::has_single_bit(sector)) {
    return base::fail("the medium has sectors of " + std::to_string(sector) +
                      " bytes; no kernel takes such a device");
  }
  return nbd::Export{
      .name = {},
      .size = untrusted.size,
      .sector_size = sector,
      .access = read_only ? nbd::Access::read_only : nbd::Access::read_write,
      .spinning = has(nbd::transmission::rotational) ? nbd::Spinning::yes : nbd::Spinning::no};
}

}  // namespace blockproxy
