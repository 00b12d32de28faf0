// SPDX-License-Identifier: GPL-2.0-or-later
// What a manifest may say, and how; names of files; containers' headers; ages; the last import.
#include "scanner-qube/database/manifest.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "scanner-qube/database/database_age.hpp"
#include "scanner-qube/database/file_kinds.hpp"
#include "scanner-qube/database/io/manifest_text.hpp"
#include "scanner-qube/database/published.hpp"
#include "tests/scanner-qube/database/bundles.hpp"

namespace scannerqube::database {
namespace {

using tests::bundles::good_parts;

// What a manifest is refused for; empty: it is not.
std::string refusal(const Manifest& manifest) {
  const auto checked = check(manifest);
  // Of the text the same is true.
  EXPECT_EQ(checked.has_value(), io::parse_manifest(io::encode(manifest)).has_value());
  return checked ? "" : checked.error().text;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return at == std::string::npos ? text : text.replace(at, what.size(), with);
}

TEST(DatabaseManifest, ComesBackAsItWas) {
  auto parts = good_parts();
  parts.manifest.files.insert(parts.manifest.files.begin(),
                              tests::bundles::file("daily.cvd", "content"));
  parts.manifest.files.front().container = {.version = 27800, .built = 1'790'000'000, .level = 90};
  const std::string text = io::encode(parts.manifest);
  const auto again = io::parse_manifest(text);
  ASSERT_TRUE(again) << again.error().text;
  EXPECT_EQ(io::encode(*again), text);
  EXPECT_EQ(again->serial.value, 7U);
  EXPECT_EQ(again->created, 1'795'000'000);
  EXPECT_EQ(again->minimum_engine, 90U);
  ASSERT_EQ(again->files.size(), 3U);
  EXPECT_EQ(again->files[0].container, parts.manifest.files[0].container);
  EXPECT_EQ(again->files[1].sha256, parts.manifest.files[1].sha256);
  EXPECT_EQ(again->self_tests[0].signature, "Eicar-Test-Signature");
  EXPECT_EQ(again->self_tests[2].signature, std::nullopt);
  EXPECT_EQ(content_bytes(*again), 7 + content_bytes(good_parts().manifest));
}

TEST(DatabaseManifest, RefusesEveryShorterText) {
  const std::string text = io::encode(good_parts().manifest);
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(io::parse_manifest(text.substr(0, size))) << size;
  }
}

TEST(DatabaseManifest, IsWrittenInOneWayOnly) {
  const std::string text = io::encode(good_parts().manifest);
  ASSERT_TRUE(io::parse_manifest(text));
  for (const auto& [what, with] : std::vector<std::pair<std::string, std::string>>{
           {"\"serial\":7", "\"serial\":7.0"},
           {"\"serial\":7", "\"serial\":70e-1"},
           {"\"serial\":7", "\"serial\": 7"},
           {"\"serial\":7", "\"serial\":-7"},
           {"\"serial\":7", "\"serial\":\"7\""},
           {"\"serial\":7", "\"serial\":true"},
           {"\"serial\":7", "\"serial\":7,\"serial\":7"},
           {"\"serial\":7", "\"serial\":8,\"serial\":7"},
           {"\"serial\":7", "\"serial\":7,\"more\":1"},
           {"\"serial\":7,", ""},
           {"\"serial\":7,\"created\":1795000000", "\"created\":1795000000,\"serial\":7"},
           {"\"created\":1795000000", "\"created\":99999999999999999999"},
           {"\"files\":[", "\"files\":{"},
           {"\"files\":[", "\"files\":[[],"},
           {"\"files\":[", "\"files\":[{},"},
           {"local.hdb", "local\\u002ehdb"},
           {"local.hdb", "../local.hdb"},
           {"\"size\":", "\"size\":1,\"size\":"},
           {"sallyport-database-1", "sallyport-database-2"},
           {"\n", ""},
           {"\n", "\n\n"},
           {"}\n", "}{}\n"}}) {
    SCOPED_TRACE(what + " -> " + with);
    EXPECT_FALSE(io::parse_manifest(replaced(text, what, with)));
  }
  // The SHA-256 in capitals is the same number, and another text.
  std::string upper = text;
  for (char& c : upper) c = c == 'a' ? 'A' : c;
  EXPECT_FALSE(io::parse_manifest(upper));
  for (const std::string odd : {"", "[]", "7", "null", "\"\"", "{}", "{}\n", "[[[[[[[[[[[[]"}) {
    EXPECT_FALSE(io::parse_manifest(odd)) << odd;
  }
}

TEST(DatabaseManifest, KeepsItsBounds) {
  const Manifest good = good_parts().manifest;
  EXPECT_EQ(refusal(good), "");
  Manifest bad = good;
  bad.serial = Serial{0};
  EXPECT_NE(refusal(bad), "");
  bad.serial = Serial{max_serial};
  EXPECT_EQ(refusal(bad), "");
  bad.serial = Serial{max_serial + 1};
  EXPECT_NE(refusal(bad), "");
  bad = good;
  bad.created = -1;
  EXPECT_NE(refusal(bad), "");
  bad = good;
  bad.files.clear();
  EXPECT_NE(refusal(bad), "");
  bad = good;
  bad.files[1].size = 0;
  EXPECT_EQ(refusal(bad), "local.ndb is empty");
  bad.files[1].size = max_database_bytes - bad.files[0].size;
  EXPECT_EQ(refusal(bad), "");
  ++bad.files[1].size;
  EXPECT_NE(refusal(bad).find("more than 2147483648 bytes"), std::string::npos) << refusal(bad);
  bad.files[1].size = std::numeric_limits<std::uint64_t>::max();
  EXPECT_NE(refusal(bad), "");
  bad = good;
  bad.self_tests[0].size = max_self_test_bytes;
  EXPECT_NE(refusal(bad), "");
}

TEST(DatabaseManifest, BoundsItsNumberOfFiles) {
  Manifest many = good_parts().manifest;
  const DatabaseFile one = many.files[0];
  many.files.clear();
  for (int i = 100; i < 100 + static_cast<int>(max_files); ++i) {
    many.files.push_back(one);
    many.files.back().name = "local" + std::to_string(i) + ".hdb";
  }
  EXPECT_EQ(refusal(many), "");
  many.files.push_back(one);
  many.files.back().name = "local999.hdb";
  EXPECT_NE(refusal(many), "");
  many.files.pop_back();
  const SelfTest test = many.self_tests[0];
  many.self_tests.clear();
  for (int i = 100; i <= 100 + static_cast<int>(max_self_tests); ++i) {
    many.self_tests.push_back(test);
    many.self_tests.back().name = "test" + std::to_string(i);
  }
  EXPECT_NE(refusal(many), "");
  many.self_tests.pop_back();
  EXPECT_EQ(refusal(many), "");
  EXPECT_LT(io::encode(many).size(), 128U * 1024U);  // and so a bundle with as many can be made
}

TEST(DatabaseManifest, HasEachFileOnce) {
  Manifest bad = good_parts().manifest;
  bad.files[1].name = bad.files[0].name;
  EXPECT_EQ(refusal(bad), "local.hdb stands twice, or out of order");
  bad.files[1].name = "a.hdb";
  EXPECT_EQ(refusal(bad), "a.hdb stands twice, or out of order");
  bad = good_parts().manifest;
  bad.self_tests[1].name = bad.self_tests[0].name;
  EXPECT_NE(refusal(bad), "");
  bad = good_parts().manifest;
  bad.files[0].name = "daily.cld";
  bad.files[1].name = "daily.cvd";
  bad.files[0].container.emplace();
  bad.files[1].container.emplace();
  EXPECT_EQ(refusal(bad), "daily.cld and daily.cvd are the same database");
  bad.files[1].container.reset();
  EXPECT_EQ(refusal(bad), "daily.cvd: a .cvd or .cld has a version");
  bad = good_parts().manifest;
  bad.files[0].container.emplace();
  EXPECT_EQ(refusal(bad), "local.hdb: only a .cvd or .cld has a version");
}

TEST(DatabaseManifest, NamesFilesThatTheEngineReads) {
  for (const std::string name : {"main.cvd", "daily.cld", "local.ndb", "a.b-c_9.ldb", "0.ign2",
                                 "x.pwdb", "a.yar", "a.yara"}) {
    EXPECT_TRUE(check_database_name(name)) << name;
  }
  for (const std::string name :
       {"",         ".",     "..",     ".ndb",      "-a.ndb", "a/b.ndb",     "../a.ndb",
        "A.ndb",    "a.NDB", "a.ndb ", "a",         "ndb",    "a.exe",       "a.ndb.gz",
        "evil.cbc", "a.ldu", "a.cud",  "daily.cfg", "a.info", "x\x1b[2J.ndb"}) {
    const auto checked = check_database_name(name);
    ASSERT_FALSE(checked) << name;
    EXPECT_EQ(checked.error().text.find('\x1b'), std::string::npos);
  }
  EXPECT_FALSE(check_database_name(std::string("a\0.ndb", 6)));
  EXPECT_TRUE(check_database_name(std::string(60, 'a') + ".ndb"));
  EXPECT_FALSE(check_database_name(std::string(61, 'a') + ".ndb"));
}

TEST(DatabaseManifest, NamesSignatures) {
  EXPECT_TRUE(check_signature_name("Win.Test.EICAR_HDB-1"));
  for (const std::string name : {"", "..", "a b", "a\"b", "a\\b", "a\n"}) {
    EXPECT_EQ(check_signature_name(name).has_value(), name == "..") << name;
  }
  EXPECT_FALSE(check_signature_name(std::string(129, 'a')));
}

TEST(ContainerHeader, ReadsWhatClamAvWrites) {
  const std::string good = tests::bundles::container_header(27801, 1'795'000'001, 91);
  const auto facts = parse_container_header(base::wire::as_bytes(good + "more"));
  ASSERT_TRUE(facts) << facts.error().text;
  EXPECT_EQ(*facts, (ContainerFacts{.version = 27801, .built = 1'795'000'001, .level = 91}));
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(parse_container_header(base::wire::as_bytes(good.substr(0, size))));
  }
}

TEST(ContainerHeader, RefusesWhatItCannotTell) {
  const std::string good = tests::bundles::container_header(27801, 1'795'000'001, 91);
  for (const auto& [what, with] :
       std::vector<std::pair<std::string, std::string>>{{"ClamAV-VDB", "ClamAV-VDC"},
                                                        {":27801:", ":-7801:"},
                                                        {":27801:", ":2780x:"},
                                                        {":27801:", "::2780:"},
                                                        {":1795000001", " 1795000001"},
                                                        {":1795000001", ":179500000x"},
                                                        {":1795000001", ":17950:0001"},
                                                        {":91:", ":  :"}}) {
    SCOPED_TRACE(with);
    EXPECT_FALSE(parse_container_header(base::wire::as_bytes(replaced(good, what, with))));
  }
}

TEST(DatabaseAge, IsUnknownWhenAClockIsWrong) {
  constexpr std::int64_t day = 86'400;
  EXPECT_EQ(DatabaseAge::between(0, 0).days(), 0U);
  EXPECT_EQ(DatabaseAge::between(10 * day, 11 * day - 1).days(), 0U);
  EXPECT_EQ(DatabaseAge::between(10 * day, 11 * day).days(), 1U);
  EXPECT_EQ(DatabaseAge::between(1, 0).days(), std::nullopt);
  EXPECT_EQ(DatabaseAge::between(-1, 0).days(), std::nullopt);
  EXPECT_EQ(DatabaseAge::between(0, std::numeric_limits<std::int64_t>::max()).days(), std::nullopt);
  EXPECT_TRUE(DatabaseAge::between(0, 7 * day).at_most(7));
  EXPECT_FALSE(DatabaseAge::between(0, 8 * day).at_most(7));
  EXPECT_FALSE(DatabaseAge::between(1, 0).at_most(std::numeric_limits<std::uint32_t>::max()));
}

TEST(LastImport, NothingOlderComesAfterIt) {
  const LastImport last{
      .serial = Serial{5}, .created = 1000, .digest = tests::bundles::sha256("a")};
  const auto order = [&last](std::uint64_t serial, std::int64_t created, const std::string& digest,
                             std::int64_t now = 5000) {
    const auto compared = compare(
        last,
        {.serial = Serial{serial}, .created = created, .digest = tests::bundles::sha256(digest)},
        now);
    if (!compared) return std::string("refused");
    return std::string(*compared == Order::newer ? "newer" : "same");
  };
  EXPECT_EQ(order(6, 1001, "b"), "newer");
  EXPECT_EQ(order(6, 1000, "b"), "newer");
  EXPECT_EQ(order(5, 1000, "a"), "same");
  EXPECT_EQ(order(5, 1001, "b"), "refused");
  EXPECT_EQ(order(4, 1001, "b"), "refused");
  EXPECT_EQ(order(6, 999, "b"), "refused");
  EXPECT_EQ(order(6, 86'401, "b", 0), "refused");
  EXPECT_EQ(order(6, 86'400, "b", 0), "newer");
  EXPECT_TRUE(compare(std::nullopt, last, 5000));
  EXPECT_FALSE(compare(std::nullopt, last, 1000 - 86'401));
}

TEST(LastImport, ComesBackAsItWasOrNotAtAll) {
  const LastImport last{
      .serial = Serial{5}, .created = 1000, .digest = tests::bundles::sha256("a")};
  const std::string text = encode(last);
  ASSERT_TRUE(parse_last_import(text));
  EXPECT_EQ(encode(*parse_last_import(text)), text);
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(parse_last_import(text.substr(0, size))) << size;
  }
  EXPECT_FALSE(parse_last_import(text + "\n"));
  EXPECT_FALSE(parse_last_import(" " + text));
  EXPECT_FALSE(parse_last_import("0" + text));
}

TEST(ImportRecord, ComesBackAsItWasOrNotAtAll) {
  const ImportRecord record{.signer = "0123456789abcdef",
                            .imported = 1000,
                            .engine = {.name = "ClamAV 1.4.6", .level = 216, .signatures = 12}};
  const std::string text = encode(record);
  const auto again = parse_import_record(text);
  ASSERT_TRUE(again) << again.error().text;
  EXPECT_EQ(encode(*again), text);
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(parse_import_record(text.substr(0, size))) << size;
  }
}

// It comes from a process that has read strangers' bytes.
TEST(EngineFacts, AreALineAndNothingElse) {
  const std::string good = "loaded 12 216 ClamAV 1.4.6\n";
  ASSERT_TRUE(parse_engine_facts(good));
  EXPECT_EQ(encode(*parse_engine_facts(good)), good);
  for (const std::string bad :
       {"", "loaded", "loaded 0 216 ClamAV\n", "loaded 12 216 ClamAV", "loaded 12 216 \n",
        "loaded 12 216 C\nD\n", "loaded 12 216 \x1b[2J\n", "loaded  12 216 C\n",
        "loaded 99999999999 216 C\n", "loaded -1 216 C\n", "x loaded 12 216 C\n"}) {
    EXPECT_FALSE(parse_engine_facts(bad)) << bad;
  }
  EXPECT_FALSE(parse_engine_facts("loaded 12 216 " + std::string(65, 'C') + "\n"));
}

}  // namespace
}  // namespace scannerqube::database
