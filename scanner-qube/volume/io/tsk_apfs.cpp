// SPDX-License-Identifier: GPL-2.0-or-later
// The volumes of an APFS container: libtsk has them in pools.
#include <tsk/libtsk.h>

#include "scanner-qube/volume/apfs/container.hpp"
#include "scanner-qube/volume/io/tsk_volume.hpp"

namespace scannerqube::volume {

base::Status TskVolume::open_pool(TSK_IMG_INFO& image) {
  std::size_t count = 1;
  for (std::size_t i = 0; i < count && i < apfs::max_volumes; ++i) {
    // A pool of its own for each: libtsk keeps nodes by their blocks alone, and with them the map
    // of the volume that asked first.
    tsk_error_reset();
    const TSK_POOL_INFO* pool = tsk_pool_open_img_sing(&image, 0, TSK_POOL_TYPE_APFS);
    if (pool == nullptr) return base::fail("libtsk: " + tsk_error_text());
    pools_.push_back(pool);
    const auto* volume = pool->vol_list;
    std::size_t seen = 0;
    for (const auto* each = volume; each != nullptr; each = each->next, ++seen) {
      if (seen == i) volume = each;
    }
    count = seen;
    if (seen == 0) break;
    TSK_IMG_INFO* view = pool->get_img_info(pool, volume->block);
    TSK_FS_INFO* opened = view == nullptr ? nullptr : tsk_fs_open_img(view, 0, TSK_FS_TYPE_APFS);
    if (opened == nullptr) {
      return base::fail("volume " + std::to_string(i + 1) + ": libtsk: " + tsk_error_text());
    }
    volumes_.push_back(opened);
  }
  return base::Ok{};
}

}  // namespace scannerqube::volume
