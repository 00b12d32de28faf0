// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/cache/cache_list.hpp"

#include <algorithm>
#include <iterator>

namespace scannerqube {

using base::hash::take_digest;
using base::wire::Bytes;
using base::wire::Reader;

ContentKey read_content(Reader& in) {
  ContentKey content{.sha256 = take_digest(in)};
  content.size = in.u64();
  return content;
}

void write_content(base::wire::Writer& out, const ContentKey& content) {
  out.bytes(content.sha256).u64(content.size);
}

std::string difference(const CacheScope& found, const CacheScope& wanted) {
  if (found.database != wanted.database) return "it is of other signatures";
  if (found.options != wanted.options) return "it is of another engine or other settings";
  if (found.medium != wanted.medium) return "it is another medium's";
  return {};
}

CacheList make_list(const CacheScope& scope, std::vector<ContentKey> contents) {
  std::ranges::sort(contents);
  contents.erase(std::unique(contents.begin(), contents.end()), contents.end());
  contents.resize(std::min(contents.size(), max_cached));
  return {.scope = scope, .clean = std::move(contents)};
}

std::string encode_list(const CacheList& list) {
  std::vector<std::byte> bytes;
  bytes.reserve(max_list_bytes - (max_cached - list.clean.size()) * cached_entry_size);
  base::wire::Writer out(bytes);
  out.bytes(list.scope.database).bytes(list.scope.options).bytes(list.scope.medium);
  out.u64(list.clean.size());
  for (const ContentKey& key : list.clean) write_content(out, key);
  return std::string(base::wire::as_text(bytes));
}

base::Result<CacheList> parse_list(Bytes untrusted) {
  Reader in(untrusted);
  CacheList list;
  list.scope.database = take_digest(in);
  list.scope.options = take_digest(in);
  list.scope.medium = take_digest(in);
  const std::uint64_t count = in.u64();
  // The bytes are here already: nothing is allocated that was only announced.
  if (!in.ok() || count > max_cached || in.rest().size() != count * cached_entry_size) {
    return base::fail("verdict list: its length does not fit what it says");
  }
  list.clean.reserve(static_cast<std::size_t>(count));
  while (!in.done()) {
    const ContentKey key = read_content(in);
    if (!list.clean.empty() && key <= list.clean.back()) {
      return base::fail("verdict list: entry " + std::to_string(list.clean.size()) +
                        " is out of order");
    }
    list.clean.push_back(key);
  }
  return list;
}

base::Result<CacheList> merge(const CacheList& cache, const CacheList& additions) {
  if (const auto why = difference(additions.scope, cache.scope); !why.empty()) {
    return base::fail("a list that is to be added to a verdict cache does not fit it: " + why);
  }
  CacheList both{.scope = cache.scope, .clean = {}};
  std::vector<ContentKey> added;
  std::ranges::set_difference(additions.clean, cache.clean, std::back_inserter(added));
  const std::size_t room = max_cached - std::min(max_cached, cache.clean.size());
  added.resize(std::min(added.size(), room));
  std::ranges::merge(cache.clean, added, std::back_inserter(both.clean));
  return both;
}

std::string encode_additions(const CacheList& list) {
  return std::string(additions_magic) + encode_list(list);
}

base::Result<CacheList> parse_additions(Bytes untrusted) {
  if (!base::wire::as_text(untrusted).starts_with(additions_magic)) {
    return base::fail("this is no list of additions to a verdict cache, or of another version");
  }
  return parse_list(untrusted.subspan(additions_magic.size()));
}

}  // namespace scannerqube
