// SPDX-License-Identifier: GPL-2.0-or-later
// MBRs that overlap, loop, hide and lie.
#include "tests/scanner-qube/hostile/disk.hpp"

namespace tests::hostile {
namespace {

void logical_chain(Disk& disk, std::size_t count) {
  disk.slot(0, 0, 0x05, 2048, 14000);
  for (std::size_t i = 0; i < count; ++i) {
    disk.slot(2048 + i * 8, 0, 0x0c, 4, 4);
    if (i + 1 < count) disk.slot(2048 + i * 8, 1, 0x05, (i + 1) * 8, 8);
  }
}

constexpr DiskCase mbr_cases[] = {
    {"honest",
     [](Disk& d, const Folder& f) {
       d.slot(0, 0, 0x0c, 2048, part_sectors).volume(infected_volume(f), 2048);
     },
     Expected::infected},
    {"hidden_type",
     [](Disk& d, const Folder& f) {
       d.slot(0, 3, 0x1b, 2048, part_sectors).volume(infected_volume(f), 2048);
     },
     Expected::infected},
    {"type_of_swap",
     [](Disk& d, const Folder& f) {
       d.slot(0, 0, 0x82, 2048, part_sectors).volume(infected_volume(f), 2048);
     },
     Expected::infected},
    {"type_0",
     [](Disk& d, const Folder& f) {
       d.slot(0, 0, 0, 2048, part_sectors).volume(infected_volume(f), 2048);
     }},
    {"odd_status",
     [](Disk& d, const Folder& f) {
       d.slot(0, 0, 0x0c, 2048, part_sectors).put(446, "\x17").volume(infected_volume(f), 2048);
     }},
    {"overlap",
     [](Disk& d, const Folder& f) {
       d.slot(0, 0, 0x0c, 2048, part_sectors)
           .slot(0, 1, 0x0c, 2049, part_sectors)
           .volume(infected_volume(f), 2048);
     }},
    {"four_times_the_same",
     [](Disk& d, const Folder& f) {
       for (int i = 0; i < 4; ++i) d.slot(0, i, 0x0c, 2048, part_sectors);
       d.volume(infected_volume(f), 2048);
     }},
    {"part_within_a_part",
     [](Disk& d, const Folder& f) {
       d.slot(0, 0, 0x0c, 1024, 12000)
           .slot(0, 1, 0x0c, 6000, part_sectors)
           .volume(harmless_volume(f), 1024)
           .volume(infected_volume(f), 6000);
     }},
    {"covers_its_table",
     [](Disk& d, const Folder& f) {
       d.slot(0, 0, 0x0c, 0, disk_sectors)
           .slot(0, 1, 0x0c, 2048, part_sectors)
           .volume(infected_volume(f), 2048);
     }},
    {"starts_out_of_range",
     [](Disk& d, const Folder& f) {
       d.slot(0, 0, 0x0c, 0xfffffff0, part_sectors)
           .slot(0, 1, 0x0c, 2048, part_sectors)
           .volume(infected_volume(f), 2048);
     }},
    {"ends_out_of_range",
     [](Disk& d, const Folder& f) {
       d.slot(0, 0, 0x0c, 2048, 0xffffffff).volume(infected_volume(f), 2048);
     }},
    {"cut_short",
     [](Disk& d, const Folder& f) {
       d.slot(0, 0, 0x0c, 2048, 100).volume(infected_volume(f), 2048);
     }},
    {"of_4096_byte_sectors",
     [](Disk& d, const Folder& f) {
       d.slot(0, 0, 0x0c, 768, part_sectors)
           .volume(harmless_volume(f), 768)
           .volume(infected_volume(f), 768 * 8)
           .put((768 + part_sectors) * 4096, "end");
     }},
    {"beside_a_file_system",
     [](Disk& d, const Folder& f) {
       d.volume(harmless_volume(f), 0)
           .slot(0, 0, 0x0c, 6000, part_sectors)
           .volume(infected_volume(f), 6000);
     }},
    {"loop_of_two",
     [](Disk& d, const Folder& f) {
       logical_chain(d, 2);
       d.slot(2056, 1, 0x05, 0, 8)
           .slot(0, 1, 0x0c, 10000, part_sectors)
           .volume(infected_volume(f), 10000);
     }},
    {"loop_of_one",
     [](Disk& d, const Folder& f) {
       logical_chain(d, 1);
       d.slot(2048, 1, 0x05, 0, 8)
           .slot(0, 1, 0x0c, 10000, part_sectors)
           .volume(infected_volume(f), 10000);
     }},
    {"chain_back_to_the_start",
     [](Disk& d, const Folder& f) {
       logical_chain(d, 1);
       d.slot(2048, 1, 0x05, 0xfffff800, 8)
           .slot(0, 1, 0x0c, 10000, part_sectors)
           .volume(infected_volume(f), 10000);
     }},
    {"chain_forks",
     [](Disk& d, const Folder& f) {
       logical_chain(d, 3);
       d.slot(2048, 2, 0x05, 6000, 8)
           .slot(8048, 0, 0x0c, 2, part_sectors)
           .volume(infected_volume(f), 8050);
     }},
    {"chain_of_300",
     [](Disk& d, const Folder& f) {
       logical_chain(d, 300);
       d.slot(0, 1, 0x0c, 10000, part_sectors).volume(infected_volume(f), 10000);
     }},
    {"chain_breaks",
     [](Disk& d, const Folder& f) {
       logical_chain(d, 3);
       d.put(2056 * sector, std::string(sector, '\0'));
       d.slot(0, 1, 0x0c, 10000, part_sectors).volume(infected_volume(f), 10000);
     }},
    {"two_extended",
     [](Disk& d, const Folder& f) {
       logical_chain(d, 2);
       d.slot(0, 1, 0x0f, 6000, 5000)
           .slot(6000, 0, 0x0c, 8, part_sectors)
           .volume(infected_volume(f), 6008);
     }},
    {"logical",
     [](Disk& d, const Folder& f) {
       d.slot(0, 0, 0x0f, 2048, 14000)
           .slot(2048, 0, 0x0c, 63, part_sectors)
           .volume(infected_volume(f), 2111);
     },
     Expected::infected},
    {"protective_without_gpt",
     [](Disk& d, const Folder& f) {
       protect(d);
       d.volume(infected_volume(f), 2048);
     }},
};

}  // namespace

Media mbr_media() {
  Media media;
  add_disks(media, "mbr_", mbr_cases);
  return media;
}

}  // namespace tests::hostile
