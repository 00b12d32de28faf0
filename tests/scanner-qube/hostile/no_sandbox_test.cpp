// SPDX-License-Identifier: GPL-2.0-or-later
// A worker that cannot be confined reads nothing.
#include <gtest/gtest.h>

#include "tests/scanner-qube/hostile/base_images.hpp"
#include "tests/scanner-qube/hostile/scan_process.hpp"
#include "tests/scanner-qube/samples.hpp"

namespace tests::hostile {
namespace {

TEST(NoSandbox, StopsTheWorkersAndIsNeverClean) {
  const Folder folder;
  samples::write_signatures(folder.path() / "db");
  const std::string image = usual_image(Form::fat16, folder);
  ScanRun run{.image = image, .database = folder.path() / "db"};
  ASSERT_EQ(scan_image(run).verdict, "infected");
  run.may_confine_itself = false;
  const ScanOutcome outcome = scan_image(run);
  EXPECT_TRUE(outcome.in_time);
  // The workers' own words stand before the report.
  EXPECT_NE(outcome.said.find("no sandbox: seccomp"), std::string::npos) << outcome.said;
  EXPECT_NE(outcome.said.find(R"("verdict":"incomplete")"), std::string::npos) << outcome.said;
  EXPECT_NE(outcome.said.find(R"("counts":{"clean":0,"files":0,)"), std::string::npos);
  EXPECT_NE(outcome.exit_status, 0);
  EXPECT_TRUE(outcome.debris.empty());
}

}  // namespace
}  // namespace tests::hostile
