// SPDX-License-Identifier: GPL-2.0-or-later
// Contents that were called clean, and what that was said with: the list in a cache, and the list
// of what a scan would have added to one.
//
// As bytes: database, options and medium digest (32 each), u64 count, then for each content its
// SHA-256 (32) and u64 size, strictly ascending; little-endian. Only "clean" is kept: everything
// else is worth another look.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "base/hash/digest.hpp"
#include "base/wire/result.hpp"
#include "base/wire/writer.hpp"

namespace scannerqube {

inline constexpr std::size_t max_cached = 1'000'000;  // 40 bytes each

struct ContentKey {
  base::hash::Digest sha256 = {};
  std::uint64_t size = 0;
  friend auto operator<=>(const ContentKey&, const ContentKey&) = default;
};

inline constexpr std::size_t cached_entry_size = base::hash::digest_size + 8;
// SHA-256, u64 size. A reader that ends too early is not ok() then.
ContentKey read_content(base::wire::Reader& in);
void write_content(base::wire::Writer& out, const ContentKey& content);

// A verdict is worth something only for these signatures and settings. `medium`: whose contents
// they are, as dom0 tells media apart; zeros: anybody's.
struct CacheScope {
  base::hash::Digest database = {};
  base::hash::Digest options = {};
  base::hash::Digest medium = {};
  friend bool operator==(const CacheScope&, const CacheScope&) = default;
};
// Which part of it differs, for people; empty: none.
std::string difference(const CacheScope& found, const CacheScope& wanted);

struct CacheList {
  CacheScope scope;
  std::vector<ContentKey> clean;  // ascending, each once, at most max_cached
};
inline constexpr std::size_t max_list_bytes =
    3 * base::hash::digest_size + 8 + max_cached * cached_entry_size;

// From contents in any order, with repetitions.
CacheList make_list(const CacheScope& scope, std::vector<ContentKey> contents);
std::string encode_list(const CacheList& list);
base::Result<CacheList> parse_list(base::wire::Bytes untrusted);

// Both together. Refused where they were not said with the same signatures and settings. What is
// beyond max_cached is left out: it is scanned again.
base::Result<CacheList> merge(const CacheList& cache, const CacheList& additions);

// A file of additions: not signed, and nobody's word but the scanner's.
inline constexpr std::string_view additions_magic = "sallyport verdict additions 1\n";
std::string encode_additions(const CacheList& list);
base::Result<CacheList> parse_additions(base::wire::Bytes untrusted);

}  // namespace scannerqube
