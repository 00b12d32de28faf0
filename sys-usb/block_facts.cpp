// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys-usb/block_facts.hpp"

#include <algorithm>

namespace sysusb {

BlockKind kind_of(const BlockFacts& facts) {
  if (facts.partition != 0) return BlockKind::partition;
  if (facts.name.starts_with("loop")) return BlockKind::loop;
  if (facts.name.starts_with("dm-")) return BlockKind::device_mapper;
  if (facts.name.starts_with("sr")) return BlockKind::cdrom;
  return BlockKind::disk;
}

std::string block_id_of(const std::string& kernel_name) {
  std::string id = kernel_name;
  std::ranges::replace(id, '!', '-');
  return id;
}

BlockRecord record_of(const BlockFacts& facts) {
  const BlockKind kind = kind_of(facts);
  const bool whole = kind != BlockKind::partition;
  return BlockRecord{.port_id = block_id_of(facts.name),
                     .kind = kind,
                     .mode = kind == BlockKind::cdrom ? BlockMode::read_only : facts.mode,
                     .medium = facts.medium,
                     .size = facts.size,
                     .sector_size = facts.sector_size,
                     .physical_sector_size = facts.physical_sector_size,
                     .parent = whole ? std::string() : block_id_of(facts.disk),
                     .partition = facts.partition,
                     .usb_interface = facts.usb_interface,
                     .model = facts.model,
                     .label = facts.label,
                     .serial = facts.serial,
                     .backing = kind == BlockKind::device_mapper ? facts.dm_name : facts.loop_file};
}

}  // namespace sysusb
