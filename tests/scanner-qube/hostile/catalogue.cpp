// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/scanner-qube/hostile/medium.hpp"

namespace tests::hostile {

Media catalogue() {
  Media all;
  for (const auto& family :
       {fuzzed_media, apfs_media, fat_media, ntfs_media, ext_media, iso_media, mbr_media, gpt_media,
        part_media, archive_media, name_media, size_media}) {
    for (Medium& medium : family()) all.push_back(std::move(medium));
  }
  return all;
}

}  // namespace tests::hostile
