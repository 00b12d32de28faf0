// SPDX-License-Identifier: GPL-2.0-or-later
// Every bound on what a release list may make its readers do.
//
// What is beyond a bound fails the whole release: nothing is left out silently.
#pragma once

#include <cstddef>
#include <cstdint>

#include "scanner-qube/volume/limits.hpp"

namespace scannerqube::release {

inline constexpr std::size_t max_files = 500'000;
inline constexpr std::size_t max_folders = 500'000;
inline constexpr std::size_t max_extents = volume::max_extents;  // of one file
inline constexpr std::size_t max_resident = 4096;                // bytes of one file
// A whole list as it comes. An extent takes 17 bytes of it and 24 in memory, a file at least 60 and
// about 250 with its new name: so a list holds at most 600 MiB, all that is derived from it
// included.
inline constexpr std::size_t max_list_bytes = std::size_t{128} * 1024 * 1024;
inline constexpr std::uint64_t max_content_bytes = std::uint64_t{64} << 40;  // all files together
// A signed report is 16 MiB and a little.
inline constexpr std::size_t max_report_text = std::size_t{17} * 1024 * 1024;
inline constexpr std::size_t max_note = std::size_t{8} * 1024 * 1024;
// Of which a release can be made: it takes 32 bytes of memory for each 64 KiB.
inline constexpr std::uint64_t max_medium = std::uint64_t{4} << 40;

// Of the new names. Bytes of UTF-8; with a number and two marks they stay below 196 letters,
// because of longer ones on FAT libtsk 4.11 loses the end, and whoever scans the volume again would
// stop.
inline constexpr std::size_t max_name = 180;
inline constexpr std::size_t max_depth = 32;         // folders within folders
inline constexpr std::size_t max_folder_path = 700;  // bytes; what lies deeper comes up to here
// Of one folder of an exFAT volume: what our own reader of exFAT reads.
inline constexpr std::size_t max_folder_bytes = volume::max_fat_folder_bytes;

// Between the volume's start and the first byte that came from the medium, and between the last and
// its end: programs look there for signatures (RAID at the end, VMFS at 2 MiB), and those must not
// be the medium's to choose.
inline constexpr std::uint64_t lead = std::uint64_t{4} << 20;
inline constexpr std::uint64_t tail = std::uint64_t{2} << 20;

}  // namespace scannerqube::release
