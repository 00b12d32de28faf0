// SPDX-License-Identifier: GPL-2.0-or-later
// A disk put together here: a table of any kind, and FAT volumes at any place.
#pragma once

#include "tests/scanner-qube/hostile/base_images.hpp"
#include "tests/scanner-qube/hostile/edit.hpp"
#include "tests/scanner-qube/hostile/medium.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests::hostile {

inline constexpr std::size_t disk_sectors = 16384;
inline constexpr std::size_t sector = 512;
inline constexpr std::size_t part_sectors = 4096;  // of base_images' FAT12

class Disk {
 public:
  explicit Disk(std::size_t sectors) : bytes_(sectors * sector, '\0') {}
  std::string& bytes() { return bytes_; }
  Disk& put(std::size_t at, const std::string& what) {
    if (bytes_.size() < at + what.size()) bytes_.resize(at + what.size());
    bytes_.replace(at, what.size(), what);
    return *this;
  }
  Disk& slot(std::size_t table, int index, std::uint8_t type, std::uint64_t start,
             std::uint64_t length) {
    put(table * sector + 510, "\x55\xaa");
    return put(table * sector + 446 + static_cast<std::size_t>(index) * 16,
               std::string(4, '\0') + static_cast<char>(type) + std::string(3, '\0') + le32(start) +
                   le32(length));
  }
  Disk& volume(const std::string& content, std::size_t at_sector) {
    return put(at_sector * sector, content);
  }
  std::string write(const Folder& folder) const {
    const std::string path = (folder.path() / "disk.img").string();
    write_file(path, bytes_);
    return path;
  }

 private:
  std::string bytes_;
};

inline std::string infected_volume(const Folder& folder) {
  return slurp(usual_image(Form::fat12, folder));
}
inline std::string harmless_volume(const Folder& folder) {
  return slurp(image_of(Form::fat12, folder, {{"readme.txt", "Nothing.\n"}}));
}

inline void protect(Disk& disk) { disk.slot(0, 0, 0xee, 1, disk_sectors - 1); }

using BuildDisk = void (*)(Disk& disk, const Folder& folder);
struct DiskCase {
  const char* name;
  BuildDisk build;
  Expected expected = Expected::not_missed;
};

template <std::size_t count>
void add_disks(Media& media, const std::string& kind, const DiskCase (&cases)[count]) {
  for (const DiskCase& what : cases) {
    media.push_back({.name = kind + what.name,
                     .expected = what.expected,
                     .make = [build = what.build](const Folder& folder) {
                       Disk disk(disk_sectors);
                       build(disk, folder);
                       return disk.write(folder);
                     }});
  }
}

}  // namespace tests::hostile
