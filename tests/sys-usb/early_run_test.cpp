// SPDX-License-Identifier: GPL-2.0-or-later
// The program's two halves on a made-up sysfs: what it switches on, and that it takes it all back.
#include "sys-usb/early/io/early_run.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/io/files.hpp"
#include "sys-usb/early/io/state_file.hpp"
#include "tests/sys-usb/early_golden.hpp"

namespace sysusb::early::io {
namespace {

namespace fs = std::filesystem;

class EarlyRun : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "sallyport-early-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    arguments_ = {.action = Action::allow,
                  .rounds = Rounds::one,
                  .kmsg = Kmsg::off,
                  .config = root_ / "early-boot.conf",
                  .sys = root_ / "sys",
                  .state = root_ / "state"};
    fs::create_directories(root_ / "sys/bus/usb/devices");
    write(root_ / "early-boot.conf", "port = any\n");
  }
  void TearDown() override { fs::remove_all(root_); }

  static void write(const fs::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
  }

  // `below`: the hub's folder, "usb1" or "usb1/1-2".
  void plug(const std::string& below, const std::string& name, const std::string& descriptors,
            const std::string& controller = "pci0000:00/0000:00:14.0") {
    const fs::path folder = root_ / "sys/devices" / controller / below / name;
    fs::create_directories(folder);
    write(folder / "authorized", "0\n");
    write(folder / "devnum", std::to_string(++number_) + "\n");
    write(folder / "descriptors", descriptors);
    const fs::path link = root_ / "sys/bus/usb/devices" / name;
    fs::remove(link);
    fs::create_directory_symlink(folder, link);
  }
  void unplug(const std::string& name) {
    const fs::path link = root_ / "sys/bus/usb/devices" / name;
    fs::remove_all(fs::canonical(link));
    fs::remove(link);
  }

  bool is_on(const std::string& name) const {
    const auto text = base::io::read_file(root_ / "sys/bus/usb/devices" / name / "authorized", 10);
    return text && text->starts_with("1");
  }

  int allow() {
    arguments_.action = Action::allow;
    testing::internal::CaptureStderr();
    const int code = run_allow(arguments_);
    said_ = testing::internal::GetCapturedStderr();
    return code;
  }
  int check() {
    testing::internal::CaptureStderr();
    const int code = run_check(arguments_);
    said_ = testing::internal::GetCapturedStderr();
    return code;
  }
  int revoke() {
    testing::internal::CaptureStderr();
    const int code = run_revoke(arguments_);
    said_ = testing::internal::GetCapturedStderr();
    return code;
  }
  bool said(const std::string& text) const { return said_.find(text) != std::string::npos; }

  fs::path root_;
  EarlyArguments arguments_;
  std::string said_;
  int number_ = 1;
};

TEST_F(EarlyRun, LetsTheKeyboardInAndTakesItBack) {
  plug("usb1", "1-1", test::stick);
  plug("usb1", "1-2", test::plain_keyboard);
  plug("usb1", "1-3", test::tablet);
  EXPECT_EQ(allow(), 0);
  EXPECT_TRUE(is_on("1-2"));
  EXPECT_FALSE(is_on("1-1"));
  EXPECT_FALSE(is_on("1-3"));
  EXPECT_TRUE(said("1-2 at 0000:00:14.0-2 allowed: a keyboard, 0627:0001")) << said_;
  EXPECT_TRUE(said("1-1 at 0000:00:14.0-1 refused: it is no boot keyboard")) << said_;
  EXPECT_TRUE(said("usbcore.authorized_default=0")) << said_;
  EXPECT_EQ(revoke(), 0);
  EXPECT_FALSE(is_on("1-2"));
  EXPECT_TRUE(said("took back 1-2")) << said_;
}

TEST_F(EarlyRun, IsQuietAboutAKernelThatAsks) {
  fs::create_directories(root_ / "sys/module/usbcore/parameters");
  write(root_ / "sys/module/usbcore/parameters/authorized_default", "0\n");
  EXPECT_EQ(allow(), 0);
  EXPECT_EQ(said_, "");
}

TEST_F(EarlyRun, LetsHubsInOnTheWayOnly) {
  write(root_ / "early-boot.conf", "port = 0000:00:14.0-2.1\n");
  plug("usb1", "1-2", test::hub);
  plug("usb1", "1-3", test::hub);
  plug("usb1/1-2", "1-2.1", test::plain_keyboard);
  plug("usb1/1-2", "1-2.2", test::plain_keyboard);
  EXPECT_EQ(allow(), 0);
  EXPECT_TRUE(is_on("1-2"));
  EXPECT_TRUE(is_on("1-2.1"));
  EXPECT_FALSE(is_on("1-2.2"));
  EXPECT_FALSE(is_on("1-3"));
  EXPECT_EQ(revoke(), 0);
  EXPECT_FALSE(is_on("1-2"));
  EXPECT_FALSE(is_on("1-2.1"));
  EXPECT_LT(said_.find("took back 1-2.1"), said_.find("took back 1-2\n")) << said_;
}

TEST_F(EarlyRun, LetsOneKeyboardInAtATime) {
  plug("usb1", "1-2", test::plain_keyboard);
  plug("usb1", "1-3", test::plain_keyboard);
  EXPECT_EQ(allow(), 0);
  EXPECT_TRUE(is_on("1-2"));
  EXPECT_FALSE(is_on("1-3"));
  // Also over several runs, until the first is unplugged.
  EXPECT_EQ(allow(), 0);
  EXPECT_FALSE(is_on("1-3"));
  unplug("1-2");
  EXPECT_EQ(allow(), 0);
  EXPECT_TRUE(is_on("1-3"));
  // Another device came to the first one's port: it is not what was counted.
  plug("usb1", "1-2", test::plain_keyboard);
  EXPECT_EQ(allow(), 0);
  EXPECT_FALSE(is_on("1-2"));
}

TEST_F(EarlyRun, RefusesWhatIsNotOnPci) {
  plug("usb3", "3-1", test::plain_keyboard, "platform/vhci_hcd.0");
  EXPECT_EQ(allow(), 0);
  EXPECT_FALSE(is_on("3-1"));
  EXPECT_TRUE(said("no PCI device")) << said_;
}

TEST_F(EarlyRun, RefusesTooManyBytes) {
  plug("usb1", "1-2", test::plain_keyboard + std::string(10000, '\0'));
  EXPECT_EQ(allow(), 0);
  EXPECT_FALSE(is_on("1-2"));
}

TEST_F(EarlyRun, AllowsNothingWithABadFile) {
  plug("usb1", "1-2", test::plain_keyboard);
  write(root_ / "early-boot.conf", "port = any\nmax-keyboard = 1\n");
  EXPECT_EQ(allow(), 1);
  EXPECT_TRUE(said("NOTHING IS ALLOWED: " + (root_ / "early-boot.conf").string() + ":2:")) << said_;
  EXPECT_EQ(check(), 1);
  fs::remove(root_ / "early-boot.conf");
  EXPECT_EQ(allow(), 1);
  EXPECT_EQ(check(), 1);
  write(root_ / "early-boot.conf", "port = any\n");
  EXPECT_EQ(check(), 0);
  EXPECT_FALSE(is_on("1-2"));
}

TEST_F(EarlyRun, AllowsNothingThatCannotBeRecorded) {
  plug("usb1", "1-2", test::plain_keyboard);
  arguments_.state = root_ / "missing/state";
  EXPECT_EQ(allow(), 1);
  arguments_.state = root_ / "state";
  write(root_ / "state", "nonsense\n");
  EXPECT_EQ(allow(), 1);
  EXPECT_FALSE(is_on("1-2"));
}

TEST_F(EarlyRun, AllowsNothingAfterRevoke) {
  plug("usb1", "1-2", test::plain_keyboard);
  EXPECT_EQ(revoke(), 0);
  EXPECT_EQ(allow(), 0);
  EXPECT_FALSE(is_on("1-2"));
  EXPECT_TRUE(said("early boot is over")) << said_;
}

TEST_F(EarlyRun, TakesEverythingBackIfTheRecordIsBroken) {
  plug("usb1", "1-2", test::plain_keyboard);
  EXPECT_EQ(allow(), 0);
  write(root_ / "state", "keyb");
  EXPECT_EQ(revoke(), 1);
  EXPECT_FALSE(is_on("1-2"));
  EXPECT_TRUE(said("every device is taken back")) << said_;
}

TEST_F(EarlyRun, SaysWhatCouldNotBeTakenBack) {
  plug("usb1", "1-2", test::plain_keyboard);
  EXPECT_EQ(allow(), 0);
  fs::remove(root_ / "sys/bus/usb/devices/1-2/authorized");
  fs::create_directory(root_ / "sys/bus/usb/devices/1-2/authorized");
  EXPECT_EQ(revoke(), 1);
  EXPECT_TRUE(said("could not take back 1-2")) << said_;
}

TEST_F(EarlyRun, RevokeWaitsForTheWatchToEnd) {
  auto held = StateFile::open(arguments_.state);
  ASSERT_TRUE(held);
  ASSERT_TRUE(held->say_watching());
  auto other = StateFile::open(arguments_.state);
  ASSERT_TRUE(other);
  EXPECT_TRUE(other->say_watching()) << "two may watch";
  EXPECT_EQ(revoke(), 1);
  EXPECT_TRUE(said("still runs")) << said_;
  other = base::fail("let go");
  std::thread end([&held] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    held = base::fail("let go");
  });
  EXPECT_EQ(revoke(), 0) << said_;
  end.join();
}

// A device that comes while it watches; revoke ends the watch.
TEST_F(EarlyRun, WatchesUntilRevoked) {
  arguments_.rounds = Rounds::endless;
  int code = -1;
  testing::internal::CaptureStderr();
  std::thread watch([&] { code = run_allow(arguments_); });
  plug("usb1", "1-2", test::plain_keyboard);
  for (int i = 0; i < 300 && !is_on("1-2"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_TRUE(is_on("1-2"));
  EXPECT_EQ(run_revoke(arguments_), 0);
  watch.join();
  testing::internal::GetCapturedStderr();
  EXPECT_EQ(code, 0);
  EXPECT_FALSE(is_on("1-2"));
}

}  // namespace
}  // namespace sysusb::early::io
