// SPDX-License-Identifier: GPL-2.0-or-later
// A scanner qube that belongs to the medium: root in it, and whatever it says.
#include "tests/scan-qube/scan_qube.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace scanqube {
namespace {

class HostileQube : public ScanQube {
 protected:
  static void use(const std::string& mode, const std::vector<std::string>& more = {}) {
    use_hostile(mode, {}, more);
  }
  static void TearDownTestSuite() { restart("sallyport-scanner"); }
  // A failed verdict for this reason, and its machine is gone although it would live on.
  void expect_failed(const std::string& reason) {
    const std::string image = medium({{"hostile", std::to_string(served()) + reason}});
    const std::string name = snapshot_of(image);
    const std::size_t before = served();
    Question question = begin("scan " + name);
    const std::string machine = wait_for_serving(before);
    const pid_t qemu = qemu_of(machine);
    answer_ = question.answer();
    EXPECT_EQ(answer_.verdict(), Verdict::failed) << answer_;
    EXPECT_NE(answer_.reason().find(reason), std::string::npos) << answer_;
    EXPECT_TRUE(gone(machine, qemu)) << machine;
  }
  Answer answer_;
};

TEST_F(HostileQube, RootInItWritesNothingAndReachesNobody) {
  use("attack");
  const fs::path database = fs::canonical(paths().scan_db() / "current") / "db.img";
  const std::string signatures = tests::slurp(database.string());
  expect_failed("attacked:");
  // As the program in it tells: each try, and how it failed.
  const std::string told = answer_.reason();
  for (const char* line : {"disks=3", "written=0", "nets=lo", "vsock=no", "inet=no", "usb=0"}) {
    EXPECT_NE(told.find(line), std::string::npos) << line << " in: " << told;
  }
  EXPECT_TRUE(tests::slurp(database.string()) == signatures);
}

TEST_F(HostileQube, OneThatFloodsIsEnded) {
  use("flood");
  expect_failed("it talks too much");
}

TEST_F(HostileQube, OneThatBreaksItsWordsIsEnded) {
  use("garbage");
  expect_failed("it breaks the framing of its messages");
}

TEST_F(HostileQube, AReportThatIsNoneIsAFailedScan) {
  use("lie");
  expect_failed("report");
}

TEST_F(HostileQube, OneThatSaysNothingIsEnded) {
  use("silent", {"--silence-limit", "2"});
  expect_failed("said nothing for 2 s");
}

TEST_F(HostileQube, OneThatNeverEndsIsEnded) {
  use("drip", {"--scan-limit", "3"});
  expect_failed("took longer than 3 s");
}

TEST_F(HostileQube, OneThatIsNeverReadyServesNobody) {
  use("unready", {"--boot-limit", "8"});
  const Answer answer = ask("scan " + snapshot_of(medium({{"u", "unready"}})));
  EXPECT_EQ(answer.verdict(), Verdict::failed) << answer;
  EXPECT_NE(answer.reason().find("not ready within 8 s"), std::string::npos) << answer;
}

TEST_F(HostileQube, AnImageWithoutTheProgramServesNobody) {
  use("absent");
  const Answer answer = ask("scan " + snapshot_of(medium({{"a", "absent"}})));
  EXPECT_EQ(answer.verdict(), Verdict::failed) << answer;
  EXPECT_NE(answer.reason().find("scanner qube"), std::string::npos) << answer;
}

}  // namespace
}  // namespace scanqube
