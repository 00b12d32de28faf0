// SPDX-License-Identifier: GPL-2.0-or-later
// What dom0 asks of the frontend, what a server then offers, and what root's helper is asked: a
// request that is taken is within its bounds, and the kernel's device is never more than was
// decided. Input: u64 size, u16 flags, u32 minimum block, 32 bytes for the helper, the text.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "block-proxy/io/frontend.hpp"

namespace {

using blockproxy::AttachRequest;
using blockproxy::nbd::Access;
namespace devices = agent::devices;

void check(bool good) {
  if (!good) std::abort();
}

void check_helper(base::wire::Bytes untrusted) {
  const auto request = devices::parse_nbd_request(untrusted);
  if (request) check(std::ranges::equal(devices::encode_nbd_request(*request), untrusted));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  base::wire::Reader in(std::as_bytes(std::span(data, size)));
  blockproxy::nbd::Offer offer;
  offer.size = in.u64();
  offer.flags = in.u16();
  offer.minimum_block = in.u32();
  check_helper(in.take(devices::nbd_request_size));
  if (!in.ok()) return 0;
  const auto request = AttachRequest::parse(base::wire::as_text(in.rest()));
  if (!request) {
    check(!request.error().text.empty());
    return 0;
  }
  check(!request->backend.empty() && request->backend.size() <= 31);
  check(!request->device.empty() && request->device.size() <= 31);
  check(request->device.find_first_of("/.+\n") == std::string::npos);
  const auto device = blockproxy::io::kernel_device(*request, offer);
  if (!device) return 0;
  const bool read_only = (device->flags & devices::nbd_flag::read_only) != 0;
  if (request->access == Access::read_only) check(read_only);
  if (request->type == AttachRequest::Type::cdrom) check(read_only);
  check(devices::valid_nbd_name(device->name) && device->size == offer.size);
  // What the helper is asked it takes.
  const auto wire = devices::encode_nbd_request(*device);
  check(devices::parse_nbd_request(wire) == *device);
  return 0;
}
