// SPDX-License-Identifier: GPL-2.0-or-later
// What a snapshot is called that nobody gave a name.
#pragma once

#include <cstdint>
#include <string>

namespace base::device {

// The name is that of a block device of the qube that stores it (qubes.md 1.5: 32 with the NUL).
inline constexpr std::size_t max_snapshot_name = 31;

// "sda-20261128-153012", in UTC; the port is cut where both are too long.
std::string default_snapshot_name(const std::string& port_id, std::int64_t now);

}  // namespace base::device
