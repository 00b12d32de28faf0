// SPDX-License-Identifier: GPL-2.0-or-later
// A paper qube's file of devices: each device it gives must be one that dom0 would accept from a
// real qube, unchanged.
#include <cstdint>
#include <cstdlib>

#include "agent/inventory_file.hpp"
#include "base/wire/reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = base::wire::as_text(std::as_bytes(std::span(data, size)));
  const auto devices = agent::parse_inventory_file(text, "paper");
  if (!devices) {
    if (!devices.error().text.starts_with("paper:")) std::abort();
    return 0;
  }
  for (const sysusb::InventoryRecord& device : *devices) {
    const auto again = sysusb::parse_inventory_record(sysusb::encode_inventory_record(device));
    if (!again || *again != device) std::abort();
  }
  return 0;
}
