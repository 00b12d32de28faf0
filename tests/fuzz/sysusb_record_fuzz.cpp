// SPDX-License-Identifier: GPL-2.0-or-later
// Device records: what parses must encode to the same bytes.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "sys-usb/device_record.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto untrusted = std::as_bytes(std::span(data, size));
  const auto record = sysusb::parse_record(untrusted);
  if (record && !std::ranges::equal(sysusb::encode_record(*record), untrusted)) std::abort();
  if (!record) sysusb::describe(record.error());
  sysusb::valid_port_id(base::wire::as_text(untrusted));
  return 0;
}
