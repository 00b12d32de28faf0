// SPDX-License-Identifier: GPL-2.0-or-later
// Which of a qube's block devices others may be given, and why not the rest. Qubes' rules
// (udev-qubes-block.rules and udev-block-add-change of qubes-core-agent's utils), and some more.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sys-usb/block_facts.hpp"

namespace sysusb {

enum class Hidden {
  bad_name,
  behind_vhci,
  own_frontend,
  kernel_hides,
  not_looked_at,
  udisks_ignore,
  export_denied,
  own_volume,
  memory,
  floppy,
  array,
  dm_private,
  dm_internal,
  dm_open,
  loop_empty,
  loop_excluded,
  nbd_unconnected,
  no_medium,
  no_size,
  overlapping,
  mounted,
  swap,
  held,
  partition_used,
  partition_attached,
  disk_attached,
  built_on_attached
};
// Why, for a log and for people: "it is mounted".
const char* describe(Hidden reason);

// For each of `facts`, in their order, why it is hidden; nothing: it is exposed. `attached`: port
// ids of what is being served now; an attached device itself stays exposed. Nothing is remembered:
// a device that is free again is exposed again.
std::vector<std::optional<Hidden>> hidden_reasons(const std::vector<BlockFacts>& facts,
                                                  const std::set<std::string>& attached);

}  // namespace sysusb
