// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/block_line.hpp"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace agent {
namespace {

using sysusb::BlockKind;
using sysusb::BlockMode;
using sysusb::BlockRecord;
using sysusb::BlockRecordError;
using sysusb::Medium;

std::string word(const KeyValues& fields, std::string_view key) {
  const auto found = fields.find(key);
  return found == fields.end() ? std::string() : found->second;
}

template <class Number>
bool decimal(const KeyValues& fields, std::string_view key, Number& out) {
  const auto found = fields.find(key);
  if (found == fields.end()) return true;
  const std::string& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

// Absent: as it is.
template <class Value, std::size_t count>
bool choice(const KeyValues& fields, std::string_view key,
            const std::array<std::pair<std::string_view, Value>, count>& words, Value& out) {
  const auto found = fields.find(key);
  if (found == fields.end()) return true;
  for (const auto& [name, value] : words) {
    if (name != found->second) continue;
    out = value;
    return true;
  }
  return false;
}

constexpr std::array kinds{
    std::pair<std::string_view, BlockKind>{"disk", BlockKind::disk},
    std::pair<std::string_view, BlockKind>{"partition", BlockKind::partition},
    std::pair<std::string_view, BlockKind>{"loop", BlockKind::loop},
    std::pair<std::string_view, BlockKind>{"dm", BlockKind::device_mapper},
    std::pair<std::string_view, BlockKind>{"cdrom", BlockKind::cdrom}};
constexpr std::array modes{std::pair<std::string_view, BlockMode>{"rw", BlockMode::read_write},
                           std::pair<std::string_view, BlockMode>{"ro", BlockMode::read_only}};
constexpr std::array media{std::pair<std::string_view, Medium>{"fixed", Medium::fixed},
                           std::pair<std::string_view, Medium>{"removable", Medium::removable}};

std::string wrong_field(BlockRecordError error) {
  switch (error) {
    case BlockRecordError::bad_size:
      return "size";
    case BlockRecordError::bad_sector_size:
      return "sector";
    case BlockRecordError::bad_parent:
      return "parent";
    case BlockRecordError::bad_usb_interface:
      return "usb-interface";
    case BlockRecordError::bad_kind:
      return "kind";
    case BlockRecordError::bad_mode:
      return "mode";
    case BlockRecordError::bad_medium:
      return "medium";
    case BlockRecordError::bad_port_id:
    case BlockRecordError::truncated:
    case BlockRecordError::trailing_bytes:
    case BlockRecordError::unknown_class:
      break;
  }
  return "block";
}

}  // namespace

std::string fill_block(const KeyValues& fields, BlockRecord& record) {
  record.port_id = word(fields, "block");
  record.parent = word(fields, "parent");
  record.usb_interface = word(fields, "usb-interface");
  record.model = word(fields, "model");
  record.label = word(fields, "label");
  record.serial = word(fields, "serial");
  record.backing = word(fields, "backing");
  for (const char* key :
       {"block", "parent", "usb-interface", "model", "label", "serial", "backing"})
    if (word(fields, key).size() > sysusb::max_block_text) return key;
  if (!choice(fields, "kind", kinds, record.kind)) return "kind";
  if (!choice(fields, "mode", modes, record.mode)) return "mode";
  if (!choice(fields, "medium", media, record.medium)) return "medium";
  if (!decimal(fields, "size", record.size)) return "size";
  if (!decimal(fields, "partition", record.partition)) return "partition";
  if (!decimal(fields, "sector", record.sector_size)) return "sector";
  record.physical_sector_size = record.sector_size;
  if (!decimal(fields, "physical-sector", record.physical_sector_size)) return "physical-sector";
  const auto accepted = sysusb::parse_block_record(sysusb::encode_block_record(record));
  return accepted ? std::string() : wrong_field(accepted.error());
}

}  // namespace agent
