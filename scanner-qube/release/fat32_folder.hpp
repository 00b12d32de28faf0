// SPDX-License-Identifier: GPL-2.0-or-later
// A folder's records on FAT: a long name and a short one for each child.
#pragma once

#include "scanner-qube/release/format.hpp"

namespace scannerqube::release {

inline constexpr std::string_view volume_label = "SALLYPORT  ";  // 11 bytes, as FAT has it

std::uint64_t fat32_folder_bytes(const Contents& contents, std::uint32_t folder);
std::vector<std::byte> fat32_folder(const Contents& contents, const Places& places,
                                    std::uint32_t folder);

}  // namespace scannerqube::release
