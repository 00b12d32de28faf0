// SPDX-License-Identifier: GPL-2.0-or-later
// Media that come back: what was clean on one is not scanned again for it, and for no other.
#include "base/sign/io/key_files.hpp"
#include "scanner-qube/cache/verdict_cache.hpp"
#include "scanner-qube/desk/desk_request.hpp"
#include "tests/scan-qube/scan_qube.hpp"
#include "tests/scanner-qube/samples.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace scanqube {
namespace {

using tests::samples::eicar;

class Remembered : public ScanQube {
 protected:
  static std::string hex_of(const std::string& serial) {
    const auto medium = scannerqube::desk::medium_digest("0951:1666:" + serial + ":u080650:1.0");
    EXPECT_TRUE(medium);
    return medium ? base::hash::to_hex(*medium) : std::string();
  }
  static fs::path file_of(const std::string& serial) {
    return paths().scans() / "remembered" / hex_of(serial);
  }
  static Answer scan(const std::string& snapshot, const std::string& serial,
                     const std::string& more = {}) {
    return ask("scan " + snapshot + " medium=" + hex_of(serial) + more);
  }
  // Files of a scan that ended well, and how many of them were not scanned.
  static std::pair<std::uint64_t, std::uint64_t> files(const Answer& answer) {
    EXPECT_TRUE(answer.statement && answer.statement->report) << answer;
    if (!answer.statement || !answer.statement->report) return {};
    const auto& found = answer.statement->report->found;
    return {found.files, found.files_from_cache};
  }
};

using Counts = std::pair<std::uint64_t, std::uint64_t>;

TEST_F(Remembered, WhatWasCleanIsNotScannedAgainForThatMediumAlone) {
  const std::string before = snapshot_of(medium({{"r", "remembered"}}));
  const std::string after = snapshot_of(medium({{"r", "remembered"}, {"n", "a new one"}}));
  const Answer first = scan(before, "A");
  ASSERT_EQ(first.word, "done clean new") << first;
  EXPECT_EQ(files(first), Counts(3, 0));
  const Answer second = scan(after, "A");
  ASSERT_EQ(second.word, "done clean new") << second;
  EXPECT_EQ(files(second), Counts(4, 3));
  EXPECT_NE(second.signed_text.find("\"from_cache\":3"), std::string::npos);
  // Neither what was remembered nor a report that rests on it is anybody else's.
  const Answer other = scan(after, "B");
  EXPECT_EQ(other.word, "done clean new") << other;
  EXPECT_EQ(files(other), Counts(4, 0));
  EXPECT_EQ(scan(after, "A", " again=yes").word, "done clean new");
  EXPECT_EQ(files(scan(after, "A", " again=yes")), Counts(4, 0)) << "again is: all of it";
  EXPECT_EQ(ask("scan " + after).word, "done clean known") << "that one rests on nothing";
}

TEST_F(Remembered, NewSignaturesEndIt) {
  import_database("20", eicar());
  const std::string name = snapshot_of(medium({{"later", "known to the next signatures"}}));
  ASSERT_EQ(scan(name, "C").word, "done clean new");
  import_database("21", "known to the next signatures");
  const Answer answer = scan(name, "C");
  EXPECT_EQ(answer.word, "done infected new") << answer;
  EXPECT_EQ(files(answer), Counts(3, 0));
  import_database("22", eicar());
}

// A qube that was taken over may have lied: the first scan that finds more ends all of it.
TEST_F(Remembered, AScanThatIsNotCleanForgetsTheMedium) {
  const std::string name = snapshot_of(medium({{"x", "a quiet one"}}));
  ASSERT_EQ(scan(name, "G").word, "done clean new");
  ASSERT_TRUE(fs::exists(file_of("G")));
  const std::string worse = snapshot_of(medium({{"x", "a quiet one"}, {"eicar.com", eicar()}}));
  EXPECT_EQ(scan(worse, "G").word, "done infected new");
  EXPECT_FALSE(fs::exists(file_of("G")));
}

TEST_F(Remembered, AMediumThatIsNotCleanIsNotRemembered) {
  const Answer answer = scan(snapshot_of(medium({{"eicar.com", eicar()}})), "D");
  EXPECT_EQ(answer.word, "done infected new") << answer;
  EXPECT_FALSE(fs::exists(file_of("D")));
}

TEST_F(Remembered, AFileThatIsNotOursIsNotBelieved) {
  const std::string name = snapshot_of(medium({{"f", "not believed"}}));
  ASSERT_EQ(scan(name, "E").word, "done clean new");
  const std::string good = tests::slurp(file_of("E").string());
  ASSERT_GT(good.size(), 200U);
  // Another medium's, and one with a bit that fell over.
  const std::string next = snapshot_of(medium({{"f", "not believed"}, {"g", "more"}}));
  tests::write_file(file_of("F").string(), good);
  EXPECT_EQ(files(scan(next, "F", " deleted=yes")), Counts(8, 0));
  std::string bad = good;
  bad.back() = static_cast<char>(bad.back() ^ 1);
  tests::write_file(file_of("E").string(), bad);
  EXPECT_EQ(files(scan(next, "E")), Counts(4, 0));
  // That scan has put a good one in its place.
  EXPECT_EQ(files(scan(next, "E", " deleted=yes")), Counts(8, 4));
}

// Signed by the right key, as if another engine had said it; and one that needs many messages.
TEST_F(Remembered, OnlyTheSameEnginesWordCounts) {
  const std::string name = snapshot_of(medium({{"o", "of this engine"}}));
  ASSERT_EQ(scan(name, "H").word, "done clean new");
  const auto key = base::sign::io::read_secret_key(paths().etc() / "scan.key");
  ASSERT_TRUE(key) << key.error().text;
  const std::string file = tests::slurp(file_of("H").string());
  auto list = scannerqube::read_cache(base::wire::as_bytes(file), key->public_key());
  ASSERT_TRUE(list) << list.error().text;
  ASSERT_EQ(list->clean.size(), 3U);
  auto other = *list;
  other.scope.options[0] ^= std::byte{1};
  const std::string next = snapshot_of(medium({{"o", "of this engine"}, {"p", "p"}}));
  tests::write_file(file_of("H").string(), scannerqube::sign_cache(*key, other));
  EXPECT_EQ(files(scan(next, "H")), Counts(4, 0));
  for (std::uint64_t i = 0; i < 5000; ++i) {
    scannerqube::ContentKey more{.sha256 = {}, .size = i};
    more.sha256[i % more.sha256.size()] = std::byte{7};
    list->clean.push_back(more);
  }
  const auto many = scannerqube::make_list(list->scope, list->clean);
  ASSERT_EQ(many.clean.size(), 5003U);
  tests::write_file(file_of("H").string(), scannerqube::sign_cache(*key, many));
  const Answer answer = scan(next, "H", " deleted=yes");
  EXPECT_EQ(files(answer), Counts(8, 3));
  // A report that rests on it is one to be made anew.
  EXPECT_EQ(ask("report " + next).word, "done clean older");
}

}  // namespace
}  // namespace scanqube
