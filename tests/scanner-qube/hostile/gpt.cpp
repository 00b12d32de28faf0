// SPDX-License-Identifier: GPL-2.0-or-later
// GPTs whose copies, headers and entries disagree.
#include "scanner-qube/volume/gpt.hpp"

#include "tests/scanner-qube/hostile/disk.hpp"

namespace tests::hostile {
namespace {

// A GPT with one partition or more; every field can be changed before the checksums are made.
struct Gpt {
  std::size_t sector_size = sector;
  std::uint64_t own = 1;
  std::uint64_t other = 0;
  std::uint64_t entries = 2;
  std::uint64_t last_usable = 0;
  std::uint32_t count = 128;
  std::uint32_t entry_size = 128;
  std::uint32_t header_size = 92;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> parts = {};  // first and last sector
  std::size_t first_index = 0;                                      // where they stand in the table

  std::string table() const {
    std::string bytes(std::size_t{std::min<std::uint32_t>(count, 2048)} * entry_size, '\0');
    std::size_t at = first_index * entry_size;
    for (const auto& [first, last] : parts) {
      const std::string entry =
          std::string(16, '\x11') + std::string(16, '\x22') + le64(first) + le64(last);
      bytes.replace(at, entry.size(), entry);
      at += entry_size;
    }
    return bytes;
  }
  std::string header() const {
    const auto sum = [](const std::string& bytes) {
      return scannerqube::volume::crc32(base::wire::as_bytes(bytes));
    };
    const std::string begin = "EFI PART" + le32(0x10000) + le32(header_size);
    const std::string rest = le32(0) + le64(own) + le64(other) + le64(34) + le64(last_usable) +
                             std::string(16, '\x33') + le64(entries) + le32(count) +
                             le32(entry_size) + le32(sum(table()));
    return begin + le32(sum(begin + le32(0) + rest)) + rest;
  }
  void write(Disk& disk) const {
    disk.put(own * sector_size, header()).put(entries * sector_size, table());
  }
};

Gpt gpt_of(std::vector<std::pair<std::uint64_t, std::uint64_t>> parts) {
  return {.other = disk_sectors - 1, .last_usable = disk_sectors - 34, .parts = std::move(parts)};
}

Gpt backup_of(Gpt gpt) {
  std::swap(gpt.own, gpt.other);
  gpt.entries = disk_sectors - 33;
  return gpt;
}

const std::vector<std::pair<std::uint64_t, std::uint64_t>> one_part{
    {2048, 2048 + part_sectors - 1}};

void gpt_with(Disk& disk, const Folder& folder, const Gpt& first, const Gpt& backup) {
  protect(disk);
  first.write(disk);
  backup.write(disk);
  disk.volume(infected_volume(folder), 2048);
}

constexpr DiskCase gpt_cases[] = {
    {"honest",
     [](Disk& d, const Folder& f) {
       gpt_with(d, f, gpt_of(one_part), backup_of(gpt_of(one_part)));
     },
     Expected::infected},
    {"without_mbr",
     [](Disk& d, const Folder& f) {
       gpt_with(d, f, gpt_of(one_part), backup_of(gpt_of(one_part)));
       d.put(0, std::string(sector, '\0'));
     }},
    {"only_the_first",
     [](Disk& d, const Folder& f) { gpt_with(d, f, gpt_of(one_part), gpt_of(one_part)); }},
    {"only_the_backup",
     [](Disk& d, const Folder& f) {
       gpt_with(d, f, backup_of(gpt_of(one_part)), backup_of(gpt_of(one_part)));
     }},
    {"infected_in_the_backup",
     [](Disk& d, const Folder& f) {
       gpt_with(d, f, gpt_of({{8000, 12095}}), backup_of(gpt_of(one_part)));
       d.volume(harmless_volume(f), 8000);
     }},
    {"wrong_checksum",
     [](Disk& d, const Folder& f) {
       gpt_with(d, f, gpt_of(one_part), backup_of(gpt_of(one_part)));
       d.put(sector + 16, "nope");
     }},
    {"wrong_checksum_of_entries",
     [](Disk& d, const Folder& f) {
       gpt_with(d, f, gpt_of(one_part), backup_of(gpt_of(one_part)));
       d.put(2 * sector + 60, "x");
     }},
    {"header_of_no_bytes",
     [](Disk& d, const Folder& f) {
       Gpt g = gpt_of(one_part);
       g.header_size = 0;
       gpt_with(d, f, g, backup_of(g));
     }},
    {"header_of_4_gibibytes",
     [](Disk& d, const Folder& f) {
       Gpt g = gpt_of(one_part);
       g.header_size = 0xffffffff;
       gpt_with(d, f, g, backup_of(g));
     }},
    {"4294967295_entries",
     [](Disk& d, const Folder& f) {
       Gpt g = gpt_of(one_part);
       g.count = 0xffffffff;
       gpt_with(d, f, g, g);
     }},
    {"no_entries",
     [](Disk& d, const Folder& f) {
       Gpt g = gpt_of({});
       g.count = 0;
       gpt_with(d, f, g, backup_of(g));
     }},
    {"entries_of_64_bytes",
     [](Disk& d, const Folder& f) {
       Gpt g = gpt_of(one_part);
       g.entry_size = 64;
       gpt_with(d, f, g, backup_of(g));
     }},
    {"last_of_256_entries",
     [](Disk& d, const Folder& f) {
       Gpt g = gpt_of(one_part);
       g.count = 256;
       g.first_index = 255;
       Gpt b = backup_of(g);
       b.entries = disk_sectors - 66;
       gpt_with(d, f, g, b);
     }},
    {"behind_1024_entries",
     [](Disk& d, const Folder& f) {
       Gpt g = gpt_of(one_part);
       g.count = 1100;
       g.first_index = 1090;
       gpt_with(d, f, g, g);
     }},
    {"entries_out_of_range",
     [](Disk& d, const Folder& f) {
       Gpt g = gpt_of(one_part);
       gpt_with(d, f, g, backup_of(g));
       g.entries = ~0ULL >> 1U;
       d.put(sector, g.header());
     }},
    {"ends_before_it_starts",
     [](Disk& d, const Folder& f) {
       const Gpt g = gpt_of({{9000, 8000}, one_part[0]});
       gpt_with(d, f, g, backup_of(g));
     }},
    {"part_of_exbibytes",
     [](Disk& d, const Folder& f) {
       const Gpt g = gpt_of({{2048, ~0ULL}});
       gpt_with(d, f, g, backup_of(g));
     }},
    {"part_over_the_table",
     [](Disk& d, const Folder& f) {
       const Gpt g = gpt_of({{0, 2000}, one_part[0]});
       gpt_with(d, f, g, backup_of(g));
     }},
    {"overlap",
     [](Disk& d, const Folder& f) {
       const Gpt g = gpt_of({one_part[0], {4000, 9000}});
       gpt_with(d, f, g, backup_of(g));
     }},
    {"128_times_the_same",
     [](Disk& d, const Folder& f) {
       const Gpt g = gpt_of(decltype(one_part)(128, one_part[0]));
       gpt_with(d, f, g, backup_of(g));
     }},
    {"128_parts_of_one_sector",
     [](Disk& d, const Folder& f) {
       std::vector<std::pair<std::uint64_t, std::uint64_t>> parts(128);
       std::uint64_t at = 8000;
       for (auto& [first, last] : parts) first = last = at++;
       parts[64] = one_part[0];
       const Gpt g = gpt_of(parts);
       gpt_with(d, f, g, backup_of(g));
     }},
    {"stands_elsewhere",
     [](Disk& d, const Folder& f) {
       gpt_with(d, f, gpt_of(one_part), backup_of(gpt_of(one_part)));
       Gpt g = gpt_of(one_part);
       g.own = 77;
       d.put(sector, g.header());
     }},
    {"hybrid",
     [](Disk& d, const Folder& f) {
       const Gpt g = gpt_of({{8000, 12095}});
       gpt_with(d, f, g, backup_of(g));
       d.volume(harmless_volume(f), 8000).slot(0, 1, 0x0c, 2048, part_sectors);
     }},
    {"unprotected",
     [](Disk& d, const Folder& f) {
       const Gpt g = gpt_of({{8000, 12095}});
       gpt_with(d, f, g, backup_of(g));
       d.volume(harmless_volume(f), 8000).slot(0, 0, 0x0c, 2048, part_sectors);
     }},
    {"of_4096_byte_sectors_beside_one_of_512",
     [](Disk& d, const Folder& f) {
       // Each is right for a device with sectors of its size; their entries keep out of each
       // other's way.
       Gpt small = gpt_of({{10000, 10000 + part_sectors - 1}});
       small.entries = 200;
       Gpt small_backup = backup_of(small);
       Gpt large{.sector_size = 4096,
                 .other = disk_sectors / 8 - 8,
                 .entries = 50,
                 .last_usable = disk_sectors / 8 - 10,
                 .parts = {{256, 256 + part_sectors / 8 - 1}}};
       Gpt large_backup = large;
       std::swap(large_backup.own, large_backup.other);
       large_backup.entries = 60;
       protect(d);
       for (const Gpt& g : {small, small_backup, large, large_backup}) g.write(d);
       d.volume(harmless_volume(f), 10000).volume(infected_volume(f), 2048);
     }},
};

}  // namespace

Media gpt_media() {
  Media media;
  add_disks(media, "gpt_", gpt_cases);
  return media;
}

}  // namespace tests::hostile
