// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzzes the reader of a device's raw descriptors, which sys-usb runs over what a device says.
#include <cstdint>
#include <cstdlib>

#include "sys-usb/described_interfaces.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto found = sysusb::described_interfaces(std::as_bytes(std::span(data, size)));
  // Each of them stands in nine bytes of its own.
  if (found && (found->size() > sysusb::max_described || found->size() * 9 > size)) std::abort();
  return 0;
}
