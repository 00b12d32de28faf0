// SPDX-License-Identifier: GPL-2.0-or-later
// What a report lets through.
#include "scanner-qube/release/permitted.hpp"

#include <gtest/gtest.h>

#include "scanner-qube/release/manifest.hpp"
#include "tests/scanner-qube/report/sample_report.hpp"

namespace tests {
namespace {

using namespace scannerqube::release;
using scannerqube::Verdict;
using scannerqube::volume::Concern;

// fine.txt is clean, and so is other.txt; sub/evil.exe and others are not.
report::ScanReport mixed_report() {
  report::ScanReport made = infected_report();
  made.found.add(sample_file("other.txt"));
  report::settle(made);
  return made;
}

ReleasedFile clean_file(const std::string& path) {
  ReleasedFile file{.path = path, .size = 3};
  file.sha256.fill(std::byte{0x11});
  file.extents = {{.where = {.offset = 512, .length = 3}}};
  return file;
}

std::string why_not(const ReleaseList& list) {
  const auto checked = check_permitted(list, mixed_report());
  return checked ? std::string() : checked.error().text;
}

TEST(Permitted, AreTheFilesThatTheReportCountsAsClean) {
  EXPECT_EQ(why_not({}), "");
  EXPECT_EQ(why_not({clean_file("fine.txt")}), "");
  EXPECT_EQ(why_not({clean_file("fine.txt"), clean_file("other.txt")}), "");
  EXPECT_EQ(why_not({clean_file("a"), clean_file("b"), clean_file("c")}),
            "its list has 3 files, its report 2 clean ones");
}

TEST(Permitted, NoFileThatIsNamedAsSomethingElse) {
  const report::ScanReport report = mixed_report();
  ASSERT_GE(report.found.told.size(), 2U);
  std::size_t refused = 0;
  for (const auto& told : report.found.told) {
    ReleasedFile file = clean_file(told.path);
    file.part = told.part;
    // A deleted file's name may be that of another one.
    EXPECT_EQ(check_permitted({file}, report).has_value(), told.deleted) << told.path;
    refused += told.deleted ? 0 : 1;
    file.part = told.part + 1;
    EXPECT_TRUE(check_permitted({file}, report)) << "the same name in another part";
  }
  EXPECT_GT(refused, 0U);
}

TEST(Permitted, NoContentThatIsNamedAsSomethingElse) {
  const report::ScanReport report = mixed_report();
  ReleasedFile file = clean_file("innocent.txt");
  file.sha256 = report.found.told.front().result.sha256;
  ASSERT_NE(file.sha256, base::hash::Digest{});
  EXPECT_FALSE(check_permitted({file}, report));
  // What was not read has no hash, and zeros are nobody's.
  file.sha256 = {};
  EXPECT_TRUE(check_permitted({file}, report));
}

TEST(Permitted, NoMoreBytesThanTheReportHas) {
  ReleasedFile file = clean_file("fine.txt");
  file.size = mixed_report().found.bytes;
  EXPECT_TRUE(check_permitted({file}, mixed_report()));
  ++file.size;
  EXPECT_FALSE(check_permitted({file}, mixed_report()));
}

report::Statement stated(const report::ScanReport& scanned) {
  return {.facts = sample_facts(), .reason = {}, .report = scanned};
}

TEST(CheckRelease, AFailedScanReleasesNothing) {
  const auto failed = report::failed_statement(sample_facts(), "it hung");
  for (const Incomplete each : {Incomplete::refuse, Incomplete::allow}) {
    const auto checked = check_release(failed, each);
    ASSERT_FALSE(checked);
    EXPECT_NE(checked.error().text.find("it hung"), std::string::npos) << checked.error().text;
    // One that says of itself that it failed, whatever it holds.
    report::ScanReport said = clean_report();
    said.said = Verdict::failed;
    EXPECT_FALSE(check_release(stated(said), each));
  }
}

TEST(CheckRelease, OfWhatIsIncompleteOnlyOnRequest) {
  EXPECT_TRUE(check_release(stated(clean_report()), Incomplete::refuse));
  report::ScanReport gap = clean_report();
  gap.found.gap = true;
  report::ScanReport said = clean_report();
  said.said = Verdict::incomplete;
  report::ScanReport file = clean_report();
  file.found.add(doubtful_file("locked.zip"));
  // Worse than incomplete is its verdict, and incomplete it is all the same.
  report::ScanReport infected = file;
  infected.found.add(infected_file("evil.exe"));
  for (const auto& each : {gap, said, file, infected}) {
    EXPECT_TRUE(is_incomplete(each));
    EXPECT_FALSE(check_release(stated(each), Incomplete::refuse));
    EXPECT_TRUE(check_release(stated(each), Incomplete::allow));
  }
  report::ScanReport found = clean_report();
  found.found.add(infected_file("evil.exe"));
  EXPECT_TRUE(check_release(stated(found), Incomplete::refuse));
}

TEST(ReleaseNote, TellsWhatIsMissingInLinesOfAManifest) {
  const report::Statement statement = stated(mixed_report());
  const std::string note = release_note(statement, 1);
  EXPECT_TRUE(is_note(note)) << note;
  EXPECT_NE(note.find("# part 0: sub/evil.exe: FOUND Test.Signature in in.zip\n"),
            std::string::npos)
      << note;
  EXPECT_NE(note.find("# left out: 1 clean ones: "), std::string::npos) << note;
  const auto& found = statement.report->found;
  EXPECT_NE(note.find("# left out: " + std::to_string(found.files - found.clean_files) +
                      " files that are not clean\n"),
            std::string::npos)
      << note;
  EXPECT_EQ(left_out_lines(stated(clean_report()), 1), "");
}

}  // namespace
}  // namespace tests
