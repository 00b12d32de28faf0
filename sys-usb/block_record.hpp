// SPDX-License-Identifier: GPL-2.0-or-later
// What a qube says of one of its block devices, as it crosses to dom0 (docs/protocol.md 3). Only
// the backend's name is a fact to dom0; texts are claims of the medium or of the device.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire/reader.hpp"
#include "base/wire/result.hpp"

namespace sysusb {

inline constexpr std::size_t max_block_id = 31;
inline constexpr std::size_t max_usb_interface = 39;
inline constexpr std::size_t max_block_text = 255;  // each text; what a str8 holds
inline constexpr std::uint64_t max_block_size = (std::uint64_t{1} << 63U) - 1;
inline constexpr std::uint32_t min_sector_size = 512;
inline constexpr std::uint32_t max_logical_sector_size = 65536;
inline constexpr std::uint32_t max_physical_sector_size = std::uint32_t{1} << 28U;

enum class BlockKind : std::uint8_t {
  disk = 0,
  partition = 1,
  loop = 2,
  device_mapper = 3,
  cdrom = 4
};
enum class BlockMode : std::uint8_t { read_write = 0, read_only = 1 };
// Whether the medium can be taken out of the device, as the kernel says (sysfs's `removable`).
enum class Medium : std::uint8_t { fixed = 0, removable = 1 };

struct BlockRecord {
  std::string port_id;  // "sda1", valid_block_id()
  BlockKind kind = BlockKind::disk;
  BlockMode mode = BlockMode::read_write;
  Medium medium = Medium::fixed;
  std::uint64_t size = 0;                                // bytes, 1 to max_block_size
  std::uint32_t sector_size = min_sector_size;           // logical, a power of two
  std::uint32_t physical_sector_size = min_sector_size;  // a power of two, at least the logical one
  std::string parent;           // of a partition: port id of its disk; else empty
  std::uint16_t partition = 0;  // of a partition: its number, from 1; else 0
  std::string usb_interface;    // "2-1.4:1.0", of partitions too; empty: not on a USB bus
  std::string model;            // these: raw bytes, at most 255 each
  std::string label;            // of the file system
  std::string serial;
  std::string backing;  // the file of a loop device, the name of a device-mapper one

  friend bool operator==(const BlockRecord&, const BlockRecord&) = default;
};

enum class BlockRecordError {
  truncated,
  trailing_bytes,
  unknown_class,
  bad_port_id,
  bad_kind,
  bad_mode,
  bad_medium,
  bad_size,
  bad_sector_size,
  bad_parent,
  bad_usb_interface
};
const char* describe(BlockRecordError error);

// `^[a-z][a-z0-9-]*$`, 1 to max_block_id characters. No port id of a USB device is one.
bool valid_block_id(std::string_view text);
// "PORT:CONFIGURATION.INTERFACE": sysfs's name of an interface of a USB device.
bool valid_usb_interface(std::string_view text);

// The record must fit its bounds (longer texts are cut at 255 bytes).
std::vector<std::byte> encode_block_record(const BlockRecord& record);
base::Result<BlockRecord, BlockRecordError> parse_block_record(base::wire::Bytes untrusted);

}  // namespace sysusb
