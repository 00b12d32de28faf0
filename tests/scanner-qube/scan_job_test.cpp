// SPDX-License-Identifier: GPL-2.0-or-later
// The pure parts: what a detection means, what archives claim, and the messages of workers.
#include "scanner-qube/engine/scan_job.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "scanner-qube/engine/detection.hpp"
#include "scanner-qube/engine/member_budget.hpp"

namespace scannerqube {
namespace {

TEST(Verdicts, AFindBeatsAGapAndAGapBeatsASuspicion) {
  FileResult result;
  EXPECT_EQ(result.verdict(), Verdict::clean);
  result.add_finding(Finding::Kind::suspicion, "odd", "");
  EXPECT_EQ(result.verdict(), Verdict::suspicious);
  result.add_not_examined("too large");
  EXPECT_EQ(result.verdict(), Verdict::incomplete);
  result.add_finding(Finding::Kind::signature, "virus", "");
  EXPECT_EQ(result.verdict(), Verdict::infected);
}

TEST(Verdicts, ManySuspicionsDoNotHideAFind) {
  FileResult result;
  for (int i = 0; i < 100; ++i) {
    result.add_finding(Finding::Kind::suspicion, "odd " + std::to_string(i), "");
    result.add_not_examined("part " + std::to_string(i));
  }
  EXPECT_EQ(result.findings.size(), max_findings);
  EXPECT_EQ(result.not_examined.size(), max_not_examined);
  result.add_finding(Finding::Kind::signature, "virus", "");
  EXPECT_EQ(result.verdict(), Verdict::infected);
}

TEST(Detection, ALimitIsNoFindAndAHeuristicIsASuspicion) {
  EXPECT_EQ(meaning_of("Eicar-Test-Signature.UNOFFICIAL"), Meaning::signature);
  EXPECT_EQ(meaning_of("Heuristics.Limits.Exceeded.MaxScanTime"), Meaning::not_examined);
  EXPECT_EQ(meaning_of("Heuristics.Encrypted.Zip"), Meaning::not_examined);
  EXPECT_EQ(meaning_of("Heuristics.OLE2.ContainsMacros"), Meaning::suspicion);
  EXPECT_EQ(meaning_of("PUA.Win.Tool"), Meaning::suspicion);
  EXPECT_FALSE(cannot_open("CL_TYPE_RAR").empty());
  EXPECT_TRUE(cannot_open("CL_TYPE_ZIP").empty());
}

TEST(MemberBudgetTest, CountsWhatIsClaimed) {
  const Limits limits{.file_bytes = 100, .scan_bytes = 150, .members = 3};
  MemberBudget budget(limits);
  EXPECT_FALSE(budget.add(100));
  EXPECT_FALSE(budget.add(50));
  EXPECT_TRUE(budget.add(1));
  EXPECT_TRUE(budget.add(0)) << "too many";
  MemberBudget other(limits);
  EXPECT_TRUE(other.add(101));
  EXPECT_TRUE(other.add(std::numeric_limits<std::uint64_t>::max()));
  EXPECT_TRUE(other.add(std::numeric_limits<std::uint64_t>::max()));
  EXPECT_EQ(other.members(), 3U);
}

JobResult example() {
  JobResult result{.id = JobId{7}, .file = {}};
  result.file.size = 68;
  result.file.members = 2;
  result.file.add_finding(Finding::Kind::signature, "Eicar", "a.zip/b");
  result.file.add_not_examined("encrypted: c");
  return result;
}

TEST(ScanJob, ComesOutAsItWentIn) {
  std::vector<std::byte> bytes;
  encode_jobs({{.id = JobId{9}, .offset = 5, .size = 4096, .name = std::string(300, 'n')},
               {.id = JobId{10}, .offset = 4101, .size = 0, .name = ""}},
              bytes);
  const auto jobs = parse_jobs(bytes);
  ASSERT_TRUE(jobs) << jobs.error().text;
  ASSERT_EQ(jobs->size(), 2U);
  EXPECT_EQ(jobs->at(0).id, JobId{9});
  EXPECT_EQ(jobs->at(0).offset, 5U);
  EXPECT_EQ(jobs->at(0).size, 4096U);
  EXPECT_EQ(jobs->at(0).name, std::string(max_job_name, 'n'));
  EXPECT_EQ(jobs->at(1).offset, 4101U);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(parse_jobs(base::wire::Bytes(bytes).first(size))) << size;
  }
  bytes.clear();
  encode_jobs(std::vector<Job>(max_batch_jobs, {.id = {}, .name = std::string(300, 'n')}), bytes);
  EXPECT_EQ(bytes.size(), max_jobs_message);
  EXPECT_TRUE(parse_jobs(bytes));
  bytes.clear();
  encode_jobs(std::vector<Job>(max_batch_jobs + 1), bytes);
  EXPECT_FALSE(parse_jobs(bytes));

  bytes.clear();
  encode_result(example(), bytes);
  encode_result({.id = JobId{8}, .file = {}}, bytes);
  const auto results = parse_results(bytes);
  ASSERT_TRUE(results) << results.error().text;
  ASSERT_EQ(results->size(), 2U);
  const JobResult& result = results->front();
  EXPECT_EQ(result.file.verdict(), Verdict::infected);
  EXPECT_EQ(result.file.members, 2U);
  EXPECT_EQ(result.file.findings.at(0).where, "a.zip/b");
  EXPECT_EQ(result.file.not_examined.at(0), "encrypted: c");
  EXPECT_EQ(results->back().id, JobId{8});
}

TEST(ScanJob, AFullResultFitsAndNothingCutIsTaken) {
  JobResult full{.id = JobId{1}, .file = {}};
  for (std::size_t i = 0; i < 2 * max_findings; ++i) {
    const std::string number = std::to_string(i);
    full.file.add_finding(Finding::Kind::signature, number + std::string(1000, 'n'),
                          std::string(1000, 'w'));
    full.file.add_not_examined(number + std::string(1000, 'r'));
  }
  std::vector<std::byte> bytes;
  encode_result(full, bytes);
  EXPECT_LE(bytes.size(), max_result);
  EXPECT_TRUE(parse_results(bytes));
  std::vector<std::byte> small;
  encode_result(example(), small);
  for (std::size_t size = 0; size < small.size(); ++size) {
    EXPECT_FALSE(parse_results(base::wire::Bytes(small).first(size))) << size;
  }
  small.push_back(std::byte{0});
  EXPECT_FALSE(parse_results(small));
}

TEST(ScanJob, TextsThatWouldPlayWithATerminalAreRefused) {
  JobResult result = example();
  result.file.findings[0].name = "Ei\x1b[2Jcar";
  std::vector<std::byte> bytes;
  encode_result(result, bytes);
  EXPECT_FALSE(parse_results(bytes));
}

}  // namespace
}  // namespace scannerqube
