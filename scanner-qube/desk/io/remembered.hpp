// SPDX-License-Identifier: GPL-2.0-or-later
// What is clean on media that come back: for each a signed cache of its own, which no other
// medium's scan is given (cache/README.md says why).
#pragma once

#include <filesystem>
#include <optional>

#include "base/io/paths.hpp"
#include "scanner-qube/cache/verdict_cache.hpp"

namespace scannerqube::desk {

class Remembered {
 public:
  static constexpr std::size_t max_media = 256;  // 4 MB each; the one of the oldest scan goes

  static std::filesystem::path folder_in(const base::io::Paths& paths) {
    return paths.scans() / "remembered";
  }
  Remembered(const base::io::Paths& paths, const base::sign::KeyPair& key)
      : folder_(folder_in(paths)), key_(key) {}

  // What was clean on this medium with these signatures. Nothing, also where the file is damaged or
  // not ours: then everything is scanned.
  std::optional<CacheList> read(const base::hash::Digest& medium,
                                const base::hash::Digest& database) const;
  // In place of what was remembered of that medium. At most max_known contents.
  base::Status keep(CacheList list) const;
  // A scan has found more than nothing on it: whatever was said of it before is not to be believed.
  base::Status forget(const base::hash::Digest& medium) const;

 private:
  void make_room(const std::filesystem::path& stays) const;

  std::filesystem::path folder_;
  const base::sign::KeyPair& key_;
};

}  // namespace scannerqube::desk
