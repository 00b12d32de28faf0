// SPDX-License-Identifier: GPL-2.0-or-later
// A folder's records on exFAT.
#pragma once

#include "scanner-qube/release/format.hpp"

namespace scannerqube::release {

// What the root folder says about the volume itself.
struct ExfatSystem {
  std::uint32_t bitmap = 0;  // clusters
  std::uint64_t bitmap_length = 0;
  std::uint32_t upcase = 0;
  std::uint64_t upcase_length = 0;
  std::uint32_t upcase_checksum = 0;
};

std::uint64_t exfat_folder_bytes(const Contents& contents, std::uint32_t folder);
std::vector<std::byte> exfat_folder(const Contents& contents, const Format& format,
                                    const ExfatSystem& system, std::uint32_t folder);

}  // namespace scannerqube::release
