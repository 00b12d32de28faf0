// SPDX-License-Identifier: GPL-2.0-or-later
// Lists of contents from a scanner that has been taken over, and caches that nobody signed.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "scanner-qube/cache/verdict_cache.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto untrusted = std::as_bytes(std::span(data, size));
  static const base::sign::PublicKey key = base::sign::KeyPair::generate().public_key();
  if (scannerqube::read_cache(untrusted, key)) std::abort();
  if (const auto list = scannerqube::parse_additions(untrusted)) {
    if (!std::ranges::is_sorted(list->clean)) std::abort();
    const std::string again = scannerqube::encode_additions(*list);
    if (!std::ranges::equal(base::wire::as_bytes(again), untrusted)) std::abort();
    if (scannerqube::merge(*list, *list)->clean != list->clean) std::abort();
  }
  return 0;
}
