// SPDX-License-Identifier: GPL-2.0-or-later
// Tables and parts of kinds that nobody here reads, two file systems in one place, media of odd
// size.
#include "tests/scanner-qube/hostile/disk.hpp"

namespace tests::hostile {
namespace {

// A harmless MBR, so that something is read; the infected volume is for those who know the other.
void beside(Disk& d, const Folder& f) {
  d.slot(0, 0, 0x0c, 10000, part_sectors)
      .volume(harmless_volume(f), 10000)
      .volume(infected_volume(f), 2048);
}

constexpr DiskCase foreign_cases[] = {
    {"apple_partition_map",
     [](Disk& d, const Folder& f) {
       beside(d, f);
       d.put(0, std::string("ER\x02\0", 4))
           .put(sector, std::string("PM\0\0\0\0\0\x01\0\0\x08\0\0\0\x10\0", 16));
     }},
    {"apple_map_of_2048_bytes",
     [](Disk& d, const Folder& f) {
       beside(d, f);
       d.put(0, std::string("ER\x08\0", 4)).put(2048, std::string("PM\0\0\0\0\0\x01", 8));
     }},
    {"bsd_label_in_a_part",
     [](Disk& d, const Folder& f) {
       beside(d, f);
       d.put(10001 * sector, "\x57\x45\x56\x82").slot(0, 0, 0xa5, 10000, part_sectors);
     }},
    {"bsd_label_of_the_disk",
     [](Disk& d, const Folder& f) {
       beside(d, f);
       d.put(sector, "\x57\x45\x56\x82");
     }},
    {"sun_label",
     [](Disk& d, const Folder& f) {
       beside(d, f);
       d.put(0, std::string(sector, '\0')).put(508, "\xda\xbe");
     }},
    {"sgi_label",
     [](Disk& d, const Folder& f) {
       beside(d, f);
       d.put(0, "\x0b\xe5\xa9\x41");
     }},
    {"amiga_block",
     [](Disk& d, const Folder& f) {
       beside(d, f);
       d.put(3 * sector, "RDSK");
     }},
    {"solaris_in_a_part",
     [](Disk& d, const Folder& f) {
       beside(d, f);
       d.put(10001 * sector + 12, "\xee\xde\x0d\x60").slot(0, 0, 0xbf, 10000, part_sectors);
     }},
    {"minix_in_a_part",
     [](Disk& d, const Folder& f) {
       beside(d, f);
       d.slot(0, 0, 0x81, 10000, part_sectors);
     }},
    {"unixware_in_a_part",
     [](Disk& d, const Folder& f) {
       beside(d, f);
       d.put(10029 * sector + 4, "\x0d\x60\x5e\xca").slot(0, 0, 0x63, 10000, part_sectors);
     }},
    {"dynamic_disk",
     [](Disk& d, const Folder& f) {
       beside(d, f);
       d.put(6 * sector, "PRIVHEAD");
     }},
};

// Parts that nobody can read.
struct Closed {
  const char* name;
  std::size_t at;
  std::string signature;
};
std::vector<Closed> closed() {
  return {{"luks", 0, "LUKS\xba\xbe"},
          {"bitlocker", 3, "-FVE-FS-"},
          {"apfs_without_its_rest", 32, "NXSB"},
          {"xfs", 0, "XFSB"},
          {"btrfs", 0x10040, "_BHRfS_M"},
          {"udf", 34817, "NSR03"},
          {"swap", 4086, "SWAPSPACE2"},
          {"lvm", 512, "LABELONE"},
          {"squashfs", 0, "hsqs"},
          {"refs", 3, std::string("ReFS\0\0\0\0", 8)},
          {"nothing", 0, ""},
          {"text", 100, "text"}};
}

// A second file system of the same bytes: FAT leaves as much free before its tables as it likes.
Medium two_in_one(Form form) {
  return {.name = "fat_and_" + name_of(form), .make = [form](const Folder& folder) {
            const std::string other = slurp(usual_image(form, folder));
            const std::string image = blank(folder, "two.img", 12);
            shell("mkfs.vfat --invariant -F 12 -s 8 -R 10000 " + image);
            // The first 1024 bytes are the FAT's.
            return Image(image).put(1024, other.substr(1024)).path();
          }};
}

}  // namespace

Media part_media() {
  Media media;
  add_disks(media, "beside_an_mbr_", foreign_cases);
  for (const Closed& what : closed()) {
    media.push_back({.name = std::string("part_of_") + what.name,
                     .expected = Expected::incomplete,
                     .make = [what](const Folder& folder) {
                       Disk disk(disk_sectors);
                       disk.slot(0, 0, 0x83, 2048, part_sectors);
                       return disk.put(2048 * sector + what.at, what.signature).write(folder);
                     }});
  }
  for (const Form form : {Form::ext2, Form::ext4, Form::iso, Form::hfs_plus}) {
    media.push_back(two_in_one(form));
  }
  for (const std::size_t size : {0U, 1U, 511U, 512U, 513U, 4095U, 65537U}) {
    media.push_back({.name = "medium_of_" + std::to_string(size) + "_bytes",
                     .expected = Expected::incomplete,
                     .make = [size](const Folder& folder) {
                       const std::string path = (folder.path() / "odd.img").string();
                       write_file(path, std::string(size, '\0'));
                       return path;
                     }});
  }
  media.push_back(
      {.name = "medium_of_noise", .expected = Expected::incomplete, .make = [](const Folder& f) {
         const std::string path = (f.path() / "noise.img").string();
         write_file(path, random_bytes(1 << 20, 7));
         return path;
       }});
  media.push_back({.name = "medium_of_odd_size", .make = [](const Folder& f) {
                     const std::string path = (f.path() / "odd.img").string();
                     write_file(path, infected_volume(f) + "odd");
                     return path;
                   }});
  return media;
}

}  // namespace tests::hostile
