// SPDX-License-Identifier: GPL-2.0-or-later
// The block record's bytes; see the header and docs/protocol.md 3.
#include "sys-usb/block_record.hpp"

#include <algorithm>
#include <bit>
#include <optional>

#include "base/wire/writer.hpp"
#include "sys-usb/device_record.hpp"

namespace sysusb {
namespace {

constexpr std::uint8_t block_class = 'b';
constexpr std::size_t max_interface_digits = 3;  // both numbers are bytes of a descriptor

bool small_number(std::string_view text) {
  return !text.empty() && text.size() <= max_interface_digits &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool sector_sizes_are_valid(const BlockRecord& record) {
  return std::has_single_bit(record.sector_size) && record.sector_size >= min_sector_size &&
         record.sector_size <= max_logical_sector_size &&
         std::has_single_bit(record.physical_sector_size) &&
         record.physical_sector_size >= record.sector_size &&
         record.physical_sector_size <= max_physical_sector_size;
}

// A partition has a number and a disk, other than itself; nothing else has either.
bool parent_is_valid(const BlockRecord& record) {
  if (record.kind != BlockKind::partition) return record.parent.empty() && record.partition == 0;
  return valid_block_id(record.parent) && record.parent != record.port_id && record.partition != 0;
}

std::optional<BlockRecordError> first_error(const BlockRecord& record) {
  if (!valid_block_id(record.port_id)) return BlockRecordError::bad_port_id;
  if (record.kind > BlockKind::cdrom) return BlockRecordError::bad_kind;
  if (record.mode > BlockMode::read_only) return BlockRecordError::bad_mode;
  if (record.medium > Medium::removable) return BlockRecordError::bad_medium;
  if (record.size == 0 || record.size > max_block_size) return BlockRecordError::bad_size;
  if (!sector_sizes_are_valid(record)) return BlockRecordError::bad_sector_size;
  if (!parent_is_valid(record)) return BlockRecordError::bad_parent;
  if (!record.usb_interface.empty() && !valid_usb_interface(record.usb_interface))
    return BlockRecordError::bad_usb_interface;
  return std::nullopt;
}

void put_text(base::wire::Writer& out, std::string_view text) {
  const std::string_view cut = text.substr(0, max_block_text);
  out.u8(static_cast<std::uint8_t>(cut.size())).text(cut);
}

std::string text_of(base::wire::Reader& in) {
  return std::string(base::wire::as_text(in.take(in.u8())));
}

}  // namespace

const char* describe(BlockRecordError error) {
  switch (error) {
    case BlockRecordError::truncated:
      return "the block record ends in the middle of a field";
    case BlockRecordError::trailing_bytes:
      return "bytes follow the block record";
    case BlockRecordError::unknown_class:
      return "the device record is not of a block device";
    case BlockRecordError::bad_port_id:
      return "the block record's port id is no name of a block device";
    case BlockRecordError::bad_kind:
      return "the block record's kind does not exist";
    case BlockRecordError::bad_mode:
      return "the block record is neither read-write nor read-only";
    case BlockRecordError::bad_medium:
      return "the block record's medium is neither fixed nor removable";
    case BlockRecordError::bad_size:
      return "the block record's size is 0 or beyond 2^63 - 1 bytes";
    case BlockRecordError::bad_sector_size:
      return "the block record's sector sizes do not exist";
    case BlockRecordError::bad_parent:
      return "the block record is of a partition without disk or number, or has them without being "
             "one";
    case BlockRecordError::bad_usb_interface:
      return "the block record's USB interface is no sysfs name of one";
  }
  return "unknown block record error";
}

bool valid_block_id(std::string_view text) {
  if (text.empty() || text.size() > max_block_id) return false;
  if (text.front() < 'a' || text.front() > 'z') return false;
  return std::ranges::all_of(
      text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

bool valid_usb_interface(std::string_view text) {
  if (text.size() > max_usb_interface) return false;
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || !valid_port_id(text.substr(0, colon))) return false;
  const std::string_view numbers = text.substr(colon + 1);
  const std::size_t dot = numbers.find('.');
  return dot != std::string_view::npos && small_number(numbers.substr(0, dot)) &&
         small_number(numbers.substr(dot + 1));
}

std::vector<std::byte> encode_block_record(const BlockRecord& record) {
  std::vector<std::byte> wire;
  base::wire::Writer out(wire);
  out.u8(block_class);
  put_text(out, record.port_id);
  out.u8(static_cast<std::uint8_t>(record.kind));
  out.u8(static_cast<std::uint8_t>(record.mode));
  out.u8(static_cast<std::uint8_t>(record.medium));
  out.u64(record.size).u32(record.sector_size).u32(record.physical_sector_size);
  put_text(out, record.parent);
  out.u16(record.partition);
  put_text(out, record.usb_interface);
  put_text(out, record.model);
  put_text(out, record.label);
  put_text(out, record.serial);
  put_text(out, record.backing);
  return wire;
}

base::Result<BlockRecord, BlockRecordError> parse_block_record(base::wire::Bytes untrusted) {
  base::wire::Reader in(untrusted);
  BlockRecord record;
  const std::uint8_t device_class = in.u8();
  record.port_id = text_of(in);
  record.kind = static_cast<BlockKind>(in.u8());
  record.mode = static_cast<BlockMode>(in.u8());
  record.medium = static_cast<Medium>(in.u8());
  record.size = in.u64();
  record.sector_size = in.u32();
  record.physical_sector_size = in.u32();
  record.parent = text_of(in);
  record.partition = in.u16();
  record.usb_interface = text_of(in);
  record.model = text_of(in);
  record.label = text_of(in);
  record.serial = text_of(in);
  record.backing = text_of(in);

  if (!in.ok()) return base::Unexpected{BlockRecordError::truncated};
  if (device_class != block_class) return base::Unexpected{BlockRecordError::unknown_class};
  if (const auto error = first_error(record)) return base::Unexpected{*error};
  if (!in.done()) return base::Unexpected{BlockRecordError::trailing_bytes};
  return record;
}

}  // namespace sysusb
