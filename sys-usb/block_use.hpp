// SPDX-License-Identifier: GPL-2.0-or-later
// Which block devices are mounted or swap space, as proc(5)'s mountinfo and swaps say.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace sysusb {

struct BlockUse {
  std::set<std::pair<std::uint32_t, std::uint32_t>> numbers;  // major, minor
  // Below /dev: file systems over several devices (btrfs) have numbers of their own, and name one.
  std::set<std::string> names;
};

// Lines that are none are skipped: what a file system or a mount point is called is not ours.
BlockUse parse_mountinfo(std::string_view text);
// Swap files are left out: what they are on is mounted.
BlockUse parse_swaps(std::string_view text);

bool in_use(const BlockUse& use, const std::string& kernel_name, const std::string& dm_name,
            std::pair<std::uint32_t, std::uint32_t> number);

}  // namespace sysusb
