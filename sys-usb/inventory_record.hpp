// SPDX-License-Identifier: GPL-2.0-or-later
// A device of any class in a qube's inventory; the first byte of a record says which.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "sys-usb/block_record.hpp"
#include "sys-usb/device_record.hpp"

namespace sysusb {

using InventoryRecord = std::variant<DeviceRecord, BlockRecord>;
// A record whose class is unknown is refused by the parser of USB devices' records.
using InventoryRecordError = std::variant<RecordError, BlockRecordError>;
const char* describe(const InventoryRecordError& error);

// One name space for both classes: those of USB devices begin with a digit, the others with a
// letter.
const std::string& port_id_of(const InventoryRecord& record);

std::vector<std::byte> encode_inventory_record(const InventoryRecord& record);
base::Result<InventoryRecord, InventoryRecordError> parse_inventory_record(
    base::wire::Bytes untrusted);

}  // namespace sysusb
