// SPDX-License-Identifier: GPL-2.0-or-later
// The launcher's whole life of a qube with a stand-in for QEMU, and what it says when it cannot.
#include "sys-usb/io/qube_launcher.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "sys-usb/io/qube_registry.hpp"

namespace {

namespace fs = std::filesystem;

class Qubes : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "qube-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    fs::create_directories(folder_ / "etc/sallyport/qubes.d");
    fs::create_directories(folder_ / "images");
    for (const char* const file : {"vmlinuz", "initrd", "work.squashfs"}) {
      write(folder_ / "images" / file, "x");
    }
    write(folder_ / "dial", "#!/bin/sh\n");
    fs::permissions(folder_ / "dial", fs::perms::owner_all);
    qube("work", "");
  }
  void TearDown() override {
    if (::testing::Test::HasFatalFailure()) static_cast<void>(run({"stop", "work"}));
    fs::remove_all(folder_);
  }

  static void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }
  void qube(const std::string& name, const std::string& text) {
    write(folder_ / "etc/sallyport/qubes.d" / (name + ".conf"), text);
  }
  // A program that QEMU's command line is given to.
  void stand_in(const std::string& script) {
    write(folder_ / "qemu", "#!/bin/sh\n" + script);
    fs::permissions(folder_ / "qemu", fs::perms::owner_all);
  }
  fs::path run_folder() const { return folder_ / "run/sallyport/vm/work"; }

  // "STATUS text", or "error text".
  std::string run(std::vector<std::string> words) {
    for (const std::string& word :
         {std::string("--root"), folder_.string(), std::string("--images"),
          (folder_ / "images").string(), std::string("--qemu"), (folder_ / "qemu").string(),
          std::string("--dial"), (folder_ / "dial").string()}) {
      words.push_back(word);
    }
    const auto arguments = sysusb::parse_qube_arguments(words);
    if (!arguments) return "usage " + arguments.error().text;
    std::ostringstream out;
    const auto status = sysusb::io::Launcher(*arguments, out).run();
    if (!status) return "error " + status.error().text;
    return std::to_string(*status) + ' ' + out.str();
  }

  fs::path folder_;
};

TEST_F(Qubes, UnknownNameListsTheKnownOnes) {
  qube("sys-usb", "");
  EXPECT_EQ(run({"status", "wrok"}),
            "error no such qube: 'wrok'; known are: sys-usb work; a qube is a file NAME.conf in " +
                (folder_ / "etc/sallyport/qubes.d").string());
  EXPECT_NE(run({"start", "../../etc/passwd"}).find("error no such qube"), std::string::npos);
}

TEST_F(Qubes, BadFileIsNamedWithItsLine) {
  qube("work", "\nmemory = lots\n");
  EXPECT_NE(run({"start", "work"}).find("work.conf:2: 'lots' is not a number"), std::string::npos);
}

TEST_F(Qubes, MissingQemuNamesItsPackage) {
  EXPECT_EQ(run({"start", "work", "--accel", "tcg"}),
            "error no program " + (folder_ / "qemu").string() + "; install qemu-system-x86");
}

TEST_F(Qubes, MissingImageSaysHowToBuildIt) {
  stand_in("exit 0");
  fs::remove(folder_ / "images/work.squashfs");
  const std::string said = run({"start", "work", "--accel", "tcg"});
  EXPECT_NE(said.find("work.squashfs: No such file"), std::string::npos) << said;
  EXPECT_NE(said.find("sys-usb/image/build work"), std::string::npos) << said;
}

TEST_F(Qubes, MissingControllerAndDiskAreNamed) {
  stand_in("exit 0");
  qube("work", "controllers = ffff:1f:1f.7\n");
  EXPECT_NE(run({"start", "work", "--accel", "tcg"}).find("ffff:1f:1f.7: no such PCI device"),
            std::string::npos);
  qube("work", "disks = /nonexistent/a.img\n");
  EXPECT_NE(run({"start", "work", "--accel", "tcg"}).find("use the disk /nonexistent/a.img"),
            std::string::npos);
}

TEST_F(Qubes, EarlyDeathIsReportedWithWhatWasSaid) {
  stand_in("echo 'Kernel panic'; echo 'no such device' >&2; exit 1");
  const std::string said = run({"start", "work", "--accel", "tcg"});
  EXPECT_NE(said.find("error qube work ended at once"), std::string::npos) << said;
  EXPECT_NE(said.find("no such device"), std::string::npos) << said;
  EXPECT_NE(said.find("Kernel panic"), std::string::npos) << said;
  EXPECT_EQ(run({"status", "work"}), "3 work: halted\n");
  EXPECT_FALSE(fs::exists(run_folder() / "qmp.sock"));
  EXPECT_FALSE(fs::exists(run_folder() / "pid"));
}

TEST_F(Qubes, SilentQemuIsEndedAtTheDeadline) {
  stand_in("echo $$ >" + (folder_ / "stand-in.pid").string() + "; exec sleep 60");
  const std::string said = run({"start", "work", "--accel", "tcg", "--wait", "1"});
  EXPECT_NE(said.find("QEMU did not answer within 1 s"), std::string::npos) << said;
  EXPECT_EQ(run({"status", "work"}), "3 work: halted\n");
  std::ifstream file(folder_ / "stand-in.pid");
  pid_t pid = 0;
  file >> pid;
  ASSERT_GT(pid, 1);
  // Killed with its supervisor; whoever adopts it may not have reaped it yet.
  for (int i = 0; i < 100 && ::kill(pid, 0) == 0; ++i) {
    std::ifstream state("/proc/" + std::to_string(pid) + "/stat");
    std::string word;
    state >> word >> word >> word;
    if (word == "Z") break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_LT(i, 99) << "the stand-in lives on";
  }
}

TEST_F(Qubes, ConsoleIsEscapedInReports) {
  stand_in("printf 'a\\033[2Jb\\n'; exit 1");
  const std::string said = run({"start", "work", "--accel", "tcg"});
  EXPECT_NE(said.find("a\\x1b[2Jb"), std::string::npos) << said;
  EXPECT_EQ(said.find('\x1b'), std::string::npos);
}

TEST_F(Qubes, ConsoleLogStaysBounded) {
  stand_in("i=0; while [ $i -lt 40 ]; do head -c 65536 /dev/zero; i=$((i + 1)); done; exit 1");
  static_cast<void>(run({"start", "work", "--accel", "tcg"}));
  EXPECT_LE(fs::file_size(run_folder() / "console.log"), sysusb::io::max_console);
  EXPECT_LE(fs::file_size(run_folder() / "console.log.1"), sysusb::io::max_console);
}

TEST_F(Qubes, PlugNeedsARunningQubeWithAController) {
  EXPECT_NE(run({"plug", "work", "s", "--image", "/a"}).find("has no emulated controller"),
            std::string::npos);
  qube("work", "controllers = emulated\n");
  EXPECT_NE(run({"plug", "work", "s", "--image", "/a"}).find("is not running; start it with"),
            std::string::npos);
  EXPECT_NE(run({"unplug", "work", "s"}).find("is not running; start it with"), std::string::npos);
}

TEST_F(Qubes, StoppingAHaltedQubeIsNoError) {
  EXPECT_EQ(run({"stop", "work"}), "0 work: halted already\n");
}

TEST_F(Qubes, ListShowsEveryQubeOfTheRegistry) {
  qube("sys-usb", "");
  write(folder_ / "etc/sallyport/qubes.d/README", "no qube");
  write(folder_ / "etc/sallyport/qubes.d/dom0.conf", "");
  const std::string said = run({"list"});
  EXPECT_NE(said.find("sys-usb"), std::string::npos);
  EXPECT_NE(said.find("work"), std::string::npos);
  EXPECT_EQ(said.find("dom0"), std::string::npos);
}

TEST_F(Qubes, SecondStartIsRefused) {
  sysusb::io::RunFolder folder(run_folder());
  ASSERT_TRUE(folder.create());
  const auto lock = folder.try_lock();
  ASSERT_TRUE(lock);
  ASSERT_TRUE(lock->has_value());
  EXPECT_NE(run({"start", "work"}).find("error qube work is already running"), std::string::npos);
}

}  // namespace
