// SPDX-License-Identifier: GPL-2.0-or-later
// Opens a block device by its number.
#pragma once

#include <cstdint>
#include <filesystem>

#include "agent/devices/client.hpp"
#include "base/io/fd.hpp"

namespace agent::devices {

struct BlockNumber {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
};

// 0, or a negated errno: ENXIO no such device or no node of it, ENOTBLK the node is another thing.
// `numbers` has a link MAJOR:MINOR for each device (/sys/dev/block), whose last part is the name
// below `dev`. That the node is the device is seen before and after opening it.
int open_block_node(const std::filesystem::path& numbers, const std::filesystem::path& dev,
                    BlockNumber number, BlockAccess access, base::io::Fd& opened);

}  // namespace agent::devices
