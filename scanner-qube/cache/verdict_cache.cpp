// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/cache/verdict_cache.hpp"

#include <algorithm>

namespace scannerqube {
namespace {

using base::sign::Purpose;
constexpr Purpose purpose = Purpose::verdict_cache;

}  // namespace

std::string sign_cache(const base::sign::KeyPair& signer, const CacheList& list) {
  const std::string body = encode_list(list);
  const auto signature = signer.sign(purpose, body);
  std::string file(base::sign::prefix_of(purpose));
  file += base::wire::as_text(signature.bytes);
  return file + body;
}

base::Result<CacheList> read_cache(base::wire::Bytes untrusted, const base::sign::PublicKey& key) {
  const std::string_view magic = base::sign::prefix_of(purpose);
  base::wire::Reader in(untrusted);
  const auto begin = in.take(magic.size());
  base::sign::Signature signature;
  std::ranges::copy(in.take(signature.bytes.size()), signature.bytes.begin());
  if (!in.ok() || base::wire::as_text(begin) != magic) {
    return base::fail("this is no verdict cache, or of another version");
  }
  if (in.rest().size() > max_list_bytes) return base::fail("verdict cache: it is too long");
  const auto body = base::wire::as_text(in.rest());
  if (base::sign::verify(key, purpose, body, signature) != base::sign::Verified::yes) {
    return base::fail("verdict cache: it is not signed by the key " + key.id());
  }
  return parse_list(in.rest());
}

base::Result<VerdictCache> VerdictCache::open(base::wire::Bytes untrusted,
                                              const base::sign::PublicKey& key,
                                              const CacheScope& wanted) {
  auto list = read_cache(untrusted, key);
  if (!list) return base::Unexpected{list.error()};
  if (const auto why = difference(list->scope, wanted); !why.empty()) {
    return base::fail("verdict cache: " + why + "; everything is scanned");
  }
  return VerdictCache(std::move(*list));
}

bool VerdictCache::calls_clean(const ContentKey& content) const {
  return std::ranges::binary_search(list_.clean, content);
}

}  // namespace scannerqube
