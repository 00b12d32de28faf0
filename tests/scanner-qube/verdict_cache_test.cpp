// SPDX-License-Identifier: GPL-2.0-or-later
// The cache of verdicts: only what was signed, for these signatures and settings, is believed.
#include "scanner-qube/cache/verdict_cache.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "scanner-qube/cache/io/database_files.hpp"
#include "tests/fakes/folder.hpp"

namespace scannerqube {
namespace {

namespace fs = std::filesystem;
using base::wire::as_bytes;

ContentKey key(unsigned char first, std::uint64_t size = 10) {
  ContentKey made{.sha256 = {}, .size = size};
  made.sha256[0] = std::byte{first};
  return made;
}

CacheScope scope() {
  CacheScope made;
  made.database[0] = std::byte{1};
  made.options[0] = std::byte{2};
  return made;
}

const base::sign::KeyPair& signer() {
  static const base::sign::KeyPair pair = base::sign::KeyPair::generate();
  return pair;
}

base::Result<VerdictCache> open(const std::string& file, const CacheScope& wanted = scope()) {
  return VerdictCache::open(as_bytes(file), signer().public_key(), wanted);
}

std::string why(const base::Result<VerdictCache>& result) {
  return result ? "" : result.error().text;
}

const CacheList three{.scope = scope(), .clean = {key(1), key(2), key(2, 11)}};

TEST(VerdictCacheTest, KnowsWhatWasSignedAndNothingElse) {
  const auto cache = open(sign_cache(signer(), three));
  ASSERT_TRUE(cache) << cache.error().text;
  EXPECT_EQ(cache->size(), 3U);
  EXPECT_TRUE(cache->calls_clean(key(2)));
  EXPECT_TRUE(cache->calls_clean(key(2, 11)));
  EXPECT_FALSE(cache->calls_clean(key(1, 11))) << "the size is part of it";
  EXPECT_FALSE(cache->calls_clean(key(3)));
  EXPECT_TRUE(open(sign_cache(signer(), {.scope = scope(), .clean = {}})));
}

TEST(VerdictCacheTest, IsNotUsedForOtherSignaturesSettingsOrMedia) {
  const std::string file = sign_cache(signer(), three);
  CacheScope other = scope();
  other.database[31] = std::byte{1};
  EXPECT_EQ(why(open(file, other)),
            "verdict cache: it is of other signatures; everything is scanned");
  other = scope();
  other.options[31] = std::byte{1};
  EXPECT_NE(why(open(file, other)).find("another engine or other settings"), std::string::npos);
  other = scope();
  other.medium[31] = std::byte{1};
  EXPECT_NE(why(open(file, other)).find("another medium's"), std::string::npos);
}

TEST(VerdictCacheTest, RefusesEveryChangedByteAndEveryShorterFile) {
  const std::string file = sign_cache(signer(), three);
  for (std::size_t i = 0; i < file.size(); ++i) {
    std::string changed = file;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(open(changed)) << i;
    EXPECT_FALSE(open(file.substr(0, i))) << i;
  }
  EXPECT_FALSE(open(file + "x"));
}

TEST(VerdictCacheTest, RefusesAnotherSignerAndAnotherPurpose) {
  const auto other = base::sign::KeyPair::generate();
  EXPECT_NE(why(open(sign_cache(other, three))).find("not signed by the key"), std::string::npos);
  // What a scanner writes itself is no cache, whatever stands in it.
  EXPECT_NE(why(open(encode_additions(three))).find("no verdict cache"), std::string::npos);
  const std::string body = encode_list(three);
  const auto signature = signer().sign(base::sign::Purpose::scan_statement, body);
  EXPECT_FALSE(open("sallyport verdict cache 1\n" +
                    std::string(base::wire::as_text(signature.bytes)) + body));
}

TEST(VerdictCacheTest, ASignedListThatIsOutOfOrderIsRefused) {
  EXPECT_FALSE(open(sign_cache(signer(), {.scope = scope(), .clean = {key(2), key(1)}})));
  EXPECT_FALSE(open(sign_cache(signer(), {.scope = scope(), .clean = {key(2), key(2)}})));
}

TEST(CacheListTest, ComesOutAsItWentInAndNothingCutIsTaken) {
  const std::string file = encode_additions(three);
  const auto list = parse_additions(as_bytes(file));
  ASSERT_TRUE(list) << list.error().text;
  EXPECT_EQ(list->scope, three.scope);
  EXPECT_EQ(list->clean, three.clean);
  for (std::size_t size = 0; size < file.size(); ++size) {
    EXPECT_FALSE(parse_additions(as_bytes(file.substr(0, size)))) << size;
  }
  EXPECT_FALSE(parse_additions(as_bytes(file + std::string(cached_entry_size, 'x'))));
  // A count of which there is nothing.
  std::string announced = encode_list({.scope = scope(), .clean = {}});
  announced[announced.size() - 2] = '\x10';
  EXPECT_FALSE(parse_list(as_bytes(announced)));
}

TEST(CacheListTest, MergesWhatFitsTogether) {
  const CacheList more{.scope = scope(), .clean = {key(0), key(2), key(9)}};
  const auto both = merge(three, more);
  ASSERT_TRUE(both);
  EXPECT_EQ(both->clean, (std::vector{key(0), key(1), key(2), key(2, 11), key(9)}));
  CacheList foreign = more;
  foreign.scope.database[5] = std::byte{5};
  EXPECT_FALSE(merge(three, foreign));
}

TEST(CacheListTest, WhatIsTooMuchIsLeftOut) {
  CacheList full{.scope = scope(), .clean = {}};
  for (std::uint64_t i = 0; i < max_cached - 1; ++i) full.clean.push_back(key(1, i));
  const auto both = merge(full, {.scope = scope(), .clean = {key(0), key(2)}});
  ASSERT_TRUE(both);
  EXPECT_EQ(both->clean.size(), max_cached);
  EXPECT_EQ(both->clean.front(), key(0));
  const std::string file = sign_cache(signer(), *both);
  EXPECT_LE(file.size(), max_cache_file);
  EXPECT_TRUE(open(file));
}

TEST(Scope, TellsEnginesSettingsAndSignaturesApart) {
  const EngineInfo engine{.name = "e 1", .signatures = 1, .settings = "s"};
  const auto digest = options_digest(engine);
  EXPECT_EQ(digest, options_digest(engine));
  EXPECT_NE(digest, options_digest({.name = "e 2", .signatures = 1, .settings = "s"}));
  EXPECT_NE(digest, options_digest({.name = "e 1", .signatures = 1, .settings = "t"}));

  const tests::Folder folder;
  const fs::path db = folder.path() / "db";
  fs::create_directories(db / "deeper");
  const auto put = [&db](const std::string& name, const std::string& content) {
    std::ofstream(db / name) << content;
  };
  const auto now = [&db] {
    const auto found = io::digest_databases({db});
    EXPECT_TRUE(found) << found.error().text;
    return found ? *found : base::hash::Digest{};
  };
  put("b.hdb", "1");
  put("a.ndb", "2");
  const auto first = now();
  put("deeper/c.hdb", "libclamav does not look there");
  EXPECT_EQ(now(), first);
  EXPECT_EQ(*io::digest_databases({db / "a.ndb", db / "b.hdb"}), first) << "in any order";
  put("b.hdb", "3");
  EXPECT_NE(now(), first);
  put("b.hdb", "1");
  EXPECT_EQ(now(), first);
  fs::rename(db / "b.hdb", db / "b.hsb");
  EXPECT_NE(now(), first) << "a name says how a file is read";
  EXPECT_FALSE(io::digest_databases({db / "nothing"}));
}

}  // namespace
}  // namespace scannerqube
