// SPDX-License-Identifier: GPL-2.0-or-later
// Block records, alone and as one of any class: what parses must encode to the same bytes.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "sys-usb/inventory_record.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto untrusted = std::as_bytes(std::span(data, size));
  const auto record = sysusb::parse_block_record(untrusted);
  if (record && !std::ranges::equal(sysusb::encode_block_record(*record), untrusted)) std::abort();
  if (!record) sysusb::describe(record.error());
  const auto any = sysusb::parse_inventory_record(untrusted);
  if (record && !any) std::abort();
  if (any && !std::ranges::equal(sysusb::encode_inventory_record(*any), untrusted)) std::abort();
  // A name of one class is never one of the other.
  if (any && sysusb::valid_port_id(sysusb::port_id_of(*any)) ==
                 sysusb::valid_block_id(sysusb::port_id_of(*any)))
    std::abort();
  if (!any) sysusb::describe(any.error());
  sysusb::valid_usb_interface(base::wire::as_text(untrusted));
  return 0;
}
