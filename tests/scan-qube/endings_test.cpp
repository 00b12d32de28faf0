// SPDX-License-Identifier: GPL-2.0-or-later
// Scans that end in the middle, whoever ends them: a reason, no clean verdict, and nothing left.
#include <signal.h>

#include "tests/scan-qube/scan_qube.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace scanqube {
namespace {

TEST_F(ScanQube, WhoeverLeavesEndsTheScan) {
  const std::string name = paused_snapshot();
  const std::size_t before = served();
  Question question = begin("scan " + name);
  const std::string machine = wait_for_serving(before);
  const pid_t qemu = qemu_of(machine);
  ASSERT_TRUE(alive(qemu)) << machine;
  question.leave();
  EXPECT_TRUE(gone(machine, qemu)) << log_of("sallyport-scanner");
}

TEST_F(ScanQube, AQubeThatIsKilledIsAFailedScan) {
  // Its bytes come afterwards, and it can be sealed: only the qube is lost.
  const std::string name = paused_snapshot();
  const std::size_t before = served();
  Question question = begin("scan " + name);
  const std::string machine = wait_for_serving(before);
  const pid_t qemu = qemu_of(machine);
  ASSERT_TRUE(alive(qemu)) << machine;
  ASSERT_EQ(::kill(qemu, SIGKILL), 0);
  resume();
  const Answer answer = question.answer();
  EXPECT_EQ(answer.word, "done failed new") << answer;
  EXPECT_EQ(answer.verdict(), Verdict::failed);
  EXPECT_NE(answer.reason().find("the scanner qube "), std::string::npos) << answer;
  EXPECT_TRUE(gone(machine, qemu)) << log_of("sallyport-scanner");
  // A failed scan is no answer to the next question.
  EXPECT_EQ(ask("scan " + name).word, "done clean new");
}

TEST_F(ScanQube, AScannerThatIsKilledIsAFailedScan) {
  const std::string name = paused_snapshot();
  const std::size_t before = served();
  Question question = begin("scan " + name);
  const std::string machine = wait_for_serving(before);
  const pid_t qemu = qemu_of(machine);
  ASSERT_TRUE(alive(qemu)) << machine;
  restart("sallyport-scanner", {}, SIGKILL);
  resume();
  const Answer answer = question.answer();
  EXPECT_EQ(answer.word, "done failed new") << answer;
  EXPECT_FALSE(answer.reason().empty());
  // The next life of the daemon ends what the last one left.
  EXPECT_TRUE(wait_until([qemu] { return !alive(qemu); })) << machine;
  EXPECT_EQ(ask("scan " + name).word, "done clean new");
}

TEST_F(ScanQube, WithoutItsSnapshotThereIsNoVerdict) {
  const std::string name = paused_snapshot();
  const std::size_t before = served();
  Question question = begin("scan " + name);
  const std::string machine = wait_for_serving(before);
  const pid_t qemu = qemu_of(machine);
  ASSERT_TRUE(alive(qemu)) << machine;
  restart("sallyport-snapshots", {}, SIGKILL);
  const Answer answer = question.answer();
  EXPECT_TRUE(answer.word.starts_with("failed ")) << answer;
  EXPECT_GT(answer.word.size(), 20U) << answer;
  EXPECT_FALSE(answer.statement);
  EXPECT_TRUE(gone(machine, qemu)) << log_of("sallyport-scanner");
}

TEST_F(ScanQube, AMediumThatIsUnpluggedIsNotClean) {
  const std::string name = paused_snapshot();
  const std::size_t before = served();
  Question question = begin("scan " + name);
  const std::string machine = wait_for_serving(before);
  const pid_t qemu = qemu_of(machine);
  ASSERT_TRUE(alive(qemu)) << machine;
  unplug();
  const Answer answer = question.answer();
  EXPECT_NE(answer.verdict(), Verdict::clean) << answer;
  EXPECT_GT(answer.reason().size(), 10U) << answer;
  EXPECT_TRUE(gone(machine, qemu)) << log_of("sallyport-scanner");
}

TEST_F(ScanQube, ADeskThatIsKilledTakesItsScansAlong) {
  const std::string name = paused_snapshot();
  const std::size_t before = served();
  Question question = begin("scan " + name + " wait=no");
  const std::string machine = wait_for_serving(before);
  const pid_t qemu = qemu_of(machine);
  ASSERT_TRUE(alive(qemu)) << machine;
  restart("sallyport-scans", {}, SIGKILL);
  EXPECT_TRUE(gone(machine, qemu)) << log_of("sallyport-scanner");
}

TEST_F(ScanQube, AScanThatNobodyWaitsForIsKept) {
  const std::string name = snapshot_of(medium({{"unwaited", "unwaited\n"}}));
  Question question = begin("scan " + name + " wait=no");
  EXPECT_EQ(question.answer().word, "started");
  question.leave();
  Answer answer;
  ASSERT_TRUE(wait_until([&] {
    answer = ask("scan " + name);
    return answer.word.starts_with("done ");
  }));
  EXPECT_EQ(answer.verdict(), Verdict::clean) << answer;
}

TEST_F(ScanQube, DamagedSignaturesAreAFailedScanWithAReason) {
  const std::string name = snapshot_of(medium());
  const fs::path image = fs::canonical(paths().scan_db() / "current") / "db.img";
  const std::string whole = tests::slurp(image.string());
  // As a new file: a machine that is warm has the old one.
  const auto replace = [&image](const std::string& content) {
    const fs::path next = image.string() + ".next";
    tests::write_file(next.string(), content);
    fs::rename(next, image);
  };
  replace(std::string(whole.size(), '\0'));
  restart("sallyport-scanner");
  const Answer answer = ask("scan " + name);
  EXPECT_EQ(answer.verdict(), Verdict::failed) << answer;
  EXPECT_NE(answer.reason().find("import a database again"), std::string::npos) << answer;
  replace(whole);
  restart("sallyport-scanner");
  EXPECT_EQ(ask("scan " + name).word, "done clean new");
}

}  // namespace
}  // namespace scanqube
