// SPDX-License-Identifier: GPL-2.0-or-later
// Every bound on what a medium may make its readers do.
//
// What a bound cuts off is reported as not examined; nothing is cut off silently.
#pragma once

#include <cstddef>
#include <cstdint>

namespace scannerqube::volume {

inline constexpr std::size_t max_parts = 256;
inline constexpr std::size_t max_table_entries = 1024;      // of one GPT
inline constexpr std::size_t max_logical_parts = 128;       // of one chain of extended partitions
inline constexpr std::size_t max_areas = 1024;              // ranges outside partitions
inline constexpr std::size_t max_file_systems = 16;         // that one part may look like at once
inline constexpr std::size_t max_path = 4096;               // bytes
inline constexpr std::size_t max_depth = 64;                // folders within folders
inline constexpr std::size_t max_extents = 4096;            // of one file, after merging
inline constexpr std::size_t max_resident = 8192;           // bytes kept in an entry itself
inline constexpr std::size_t max_finding_text = 512;        // bytes
inline constexpr std::size_t max_findings = 4096;           // of one reader
inline constexpr std::size_t max_entries = 500'000;         // of one part
inline constexpr std::size_t max_folder_entries = 100'000;  // of one folder
inline constexpr std::size_t max_record =
    std::size_t{256} * 1024;  // one record between worker and parent
inline constexpr std::size_t max_content =
    std::size_t{128} * 1024;  // one piece of a file's content
inline constexpr std::size_t max_stream_bytes =
    std::size_t{512} * 1024 * 1024;  // all records of a walk
// FAT and exFAT, our own reader: one bit a cluster is kept, so 32 MiB at most.
inline constexpr std::uint64_t max_clusters = std::uint64_t{1} << 28;
inline constexpr std::size_t max_fat_folder_bytes = std::size_t{32} * 1024 * 1024;  // of one folder
inline constexpr std::uint64_t max_ext_folder_bytes = std::uint64_t{64} * 1024 * 1024;
// ISO 9660, our own reader.
inline constexpr std::size_t max_iso_folder_bytes = std::size_t{32} * 1024 * 1024;  // of one folder
inline constexpr std::uint64_t max_iso_folders_together = std::uint64_t{256} * 1024 * 1024;

}  // namespace scannerqube::volume
