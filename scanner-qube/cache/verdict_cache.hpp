// SPDX-License-Identifier: GPL-2.0-or-later
// Contents that need no scan: somebody who may say so has signed that they are clean.
//
// A file: "sallyport verdict cache 1\n", signature (64 bytes, Ed25519 over that line and the rest),
// a cache_list. Nothing of the list is looked at before the signature fits. Who may sign, and why a
// scanner may not: README.md.
#pragma once

#include "base/sign/ed25519.hpp"
#include "scanner-qube/cache/cache_list.hpp"

namespace scannerqube {

inline constexpr std::size_t max_cache_file = 64 + base::sign::signature_size + max_list_bytes;

std::string sign_cache(const base::sign::KeyPair& signer, const CacheList& list);
// For whoever signs: what the file holds, whatever it is of.
base::Result<CacheList> read_cache(base::wire::Bytes untrusted, const base::sign::PublicKey& key);

class VerdictCache {
 public:
  // An error says why it is not used: forged, damaged, of other signatures, settings or media.
  static base::Result<VerdictCache> open(base::wire::Bytes untrusted,
                                         const base::sign::PublicKey& key,
                                         const CacheScope& wanted);
  // Of a list from whoever may say so, where its signature was checked before.
  static VerdictCache trusted(CacheList list) { return VerdictCache(std::move(list)); }
  bool calls_clean(const ContentKey& content) const;
  std::size_t size() const { return list_.clean.size(); }

 private:
  explicit VerdictCache(CacheList list) : list_(std::move(list)) {}
  CacheList list_;
};

}  // namespace scannerqube
