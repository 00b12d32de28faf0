// SPDX-License-Identifier: GPL-2.0-or-later
// Media that come back: what was clean on one is not scanned again for it, and for no other.
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
  EXPECT_EQ(files(scan(next, "F", " deleted=yes")), Counts(4, 0));
  std::string bad = good;
  bad.back() = static_cast<char>(bad.back() ^ 1);
  tests::write_file(file_of("E").string(), bad);
  EXPECT_EQ(files(scan(next, "E")), Counts(4, 0));
  // That scan has put a good one in its place.
  EXPECT_EQ(files(scan(next, "E", " deleted=yes")), Counts(4, 4));
}

}  // namespace
}  // namespace scanqube
