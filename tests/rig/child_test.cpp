// SPDX-License-Identifier: GPL-2.0-or-later
// Child processes of the rig: exit codes, deadlines, and the end of what they printed.
#include "tests/rig/child.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace rig {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Child, ReportsExitCodesAndSignals) {
  const std::vector<std::pair<std::string, int>> cases{{"exit 3", 3}, {"kill -9 $$", 137}};
  for (const auto& [command, code] : cases) {
    auto child = Child::start({"sh", "-c", command}, "/dev/null");
    ASSERT_TRUE(child);
    EXPECT_EQ(child->wait(deadline_after(seconds(10))), code);
  }
}

TEST(Child, IsKilledWithItsObject) {
  pid_t pid = -1;
  {
    auto child = Child::start({"sleep", "60"}, "/dev/null");
    ASSERT_TRUE(child);
    pid = child->pid();
    EXPECT_EQ(child->wait(deadline_after(milliseconds(20))), std::nullopt);
  }
  EXPECT_FALSE(std::filesystem::exists("/proc/" + std::to_string(pid)));
}

TEST(RunProgram, GivesOutputOrTheReason) {
  const auto good = run_program({"echo", "hello"}, deadline_after(seconds(10)));
  ASSERT_TRUE(good);
  EXPECT_EQ(*good, "hello\n");
  const auto bad = run_program({"sh", "-c", "echo why >&2; exit 4"}, deadline_after(seconds(10)));
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().text.find("exit code 4"), std::string::npos);
  EXPECT_NE(bad.error().text.find("why"), std::string::npos);
  EXPECT_FALSE(run_program({"sleep", "60"}, deadline_after(milliseconds(20))));
  EXPECT_FALSE(run_program({"/nonexistent/program"}, deadline_after(seconds(10))));
}

TEST(Tail, GivesTheLastLines) {
  const auto file = std::filesystem::temp_directory_path() / ("tail." + std::to_string(::getpid()));
  std::ofstream(file) << "one\ntwo\nthree\n";
  EXPECT_EQ(tail(file, 2), "two\nthree\n");
  EXPECT_EQ(tail(file, 3), "one\ntwo\nthree\n");
  EXPECT_EQ(tail(file, 9), "one\ntwo\nthree\n");
  std::filesystem::remove(file);
  EXPECT_EQ(tail(file, 2), "");
}

}  // namespace
}  // namespace rig
