// SPDX-License-Identifier: GPL-2.0-or-later
// exFAT's table of capitals: made from the facts of Unicode that the tree has, and carried by every
// volume.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace scannerqube::release {

// 65536 letters; those without a capital are their own.
const std::u16string& exfat_capitals();
// As it lies on a volume: runs of letters without a capital are 0xffff and their number (exFAT file
// system specification, 7.2.5).
std::vector<std::byte> exfat_upcase_table();
// Of it, and of the boot sectors: each byte is added to the sum turned right by one.
std::uint32_t exfat_checksum(std::uint32_t sum, std::byte next);

}  // namespace scannerqube::release
