// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/cache/io/cache_file.hpp"

#include "base/io/files.hpp"
#include "base/sign/io/key_files.hpp"

namespace scannerqube::io {

base::Result<VerdictCache> open_cache(const CacheFile& from, const CacheScope& wanted) {
  const auto key = base::sign::io::read_public_key(from.public_key);
  if (!key) return base::Unexpected{key.error()};
  const auto bytes = base::io::read_file(from.file, max_cache_file);
  if (!bytes) return base::Unexpected{bytes.error()};
  auto cache = VerdictCache::open(base::wire::as_bytes(*bytes), *key, wanted);
  if (!cache) return base::fail(from.file.string() + ": " + cache.error().text);
  return cache;
}

}  // namespace scannerqube::io
