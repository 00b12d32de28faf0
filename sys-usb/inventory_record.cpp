// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys-usb/inventory_record.hpp"

#include <utility>

namespace sysusb {
namespace {

struct Encode {
  std::vector<std::byte> operator()(const DeviceRecord& record) const {
    return encode_record(record);
  }
  std::vector<std::byte> operator()(const BlockRecord& record) const {
    return encode_block_record(record);
  }
};

// The record, or the error, of one class as one of all.
template <class Parsed>
base::Result<InventoryRecord, InventoryRecordError> widen(Parsed parsed) {
  if (!parsed) return base::Unexpected{InventoryRecordError{parsed.error()}};
  return InventoryRecord{*std::move(parsed)};
}

}  // namespace

const char* describe(const InventoryRecordError& error) {
  return std::visit([](auto each) { return describe(each); }, error);
}

const std::string& port_id_of(const InventoryRecord& record) {
  return std::visit([](const auto& each) -> const std::string& { return each.port_id; }, record);
}

std::vector<std::byte> encode_inventory_record(const InventoryRecord& record) {
  return std::visit(Encode{}, record);
}

base::Result<InventoryRecord, InventoryRecordError> parse_inventory_record(
    base::wire::Bytes untrusted) {
  const bool block = !untrusted.empty() && untrusted.front() == std::byte{'b'};
  return block ? widen(parse_block_record(untrusted)) : widen(parse_record(untrusted));
}

}  // namespace sysusb
