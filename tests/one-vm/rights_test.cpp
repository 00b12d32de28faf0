// SPDX-License-Identifier: GPL-2.0-or-later
// A stick that work may read and not write: as option, as a rule's word, and against root in work.
#include "tests/one-vm/qubes.hpp"

namespace onevm {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class ReadOnly : public Qubes {
 protected:
  // The stick with a file system on it, with sys-usb's own drivers.
  static void make_file_system() {
    const std::string direct = wait_for_stick();
    ASSERT_FALSE(direct.empty());
    const auto made = vm().run("set -e; mkfs.ext2 -qF " + direct +
                                   " 65536; mkdir -p /run/stick; "
                                   "mount " +
                                   direct +
                                   " /run/stick; echo kept > /run/stick/file; "
                                   "umount /run/stick; sync",
                               minutes(5));
    ASSERT_TRUE(made.ok()) << made;
  }
  static std::string attach_with(const std::string& words) {
    const auto done = vm().run(attach_command() + " " + words, seconds(60));
    EXPECT_TRUE(done.ok()) << done << logs();
    return done.ok() ? wait_for_disk() : std::string();
  }
  static std::string image() { return stick_sha256(stick_mib); }
  // What the command is answered with.
  static std::string scsi(const std::string& disk, const std::string& arguments,
                          const std::string& cdb) {
    return vm()
        .run("python3 " + source + "/tests/one-vm/scsi_command.py " + disk + " " + arguments + " " +
                 cdb,
             minutes(2))
        .out;
  }
  static void expect_only_reading(const std::string& disk, const std::string& before) {
    const auto locked = vm().run("blockdev --getro " + disk);
    EXPECT_EQ(locked.out, "1\n") << locked;
    const auto mounted =
        vm().run("mkdir -p /run/stick; mount " + disk +
                     " /run/stick 2>&1; cat /run/stick/file; "
                     "grep /run/stick /proc/mounts; touch /run/stick/more 2>&1; umount /run/stick",
                 minutes(3));
    EXPECT_NE(mounted.out.find("kept"), std::string::npos) << mounted << vm().run("dmesg | tail");
    EXPECT_NE(mounted.out.find(" ro,"), std::string::npos) << mounted;
    EXPECT_NE(mounted.out.find("Read-only file system"), std::string::npos) << mounted;
    const auto written =
        vm().run("dd if=/dev/urandom of=" + disk + " bs=4k count=4 oflag=direct 2>&1", minutes(2));
    EXPECT_FALSE(written.ok()) << written;
    EXPECT_EQ(image(), before);
  }
};

TEST_F(ReadOnly, AnOptionMakesItSo) {
  make_file_system();
  const std::string before = image();
  const std::string disk = attach_with("--ro");
  ASSERT_FALSE(disk.empty());
  expect_only_reading(disk, before);
  const auto listed = vm().run(build + "/bin/qvm-usb list");
  EXPECT_NE(listed.out.find("read-only=yes"), std::string::npos) << listed;
  const auto sum = vm().run("head -c 16M " + disk + " | sha256sum", minutes(5));
  EXPECT_EQ(sum.out, stick_sha256(16));
  ASSERT_TRUE(detach().ok());
  const std::string ended = last_detach();
  EXPECT_FALSE(ended.empty());
}

// Root in work sends what it likes past the file system and the kernel's own idea of the disk.
TEST_F(ReadOnly, RawCommandsDoNotWrite) {
  make_file_system();
  const std::string before = image();
  const std::string disk = attach_with("-o read-only=yes");
  ASSERT_FALSE(disk.empty());
  const auto answer = [&disk](const std::string& arguments, const std::string& cdb) {
    return scsi(disk, arguments, cdb);
  };
  EXPECT_EQ(answer("in 512", "28000000000000000100"), "status=0 host=0 sense=0/0\n");
  EXPECT_EQ(answer("out 512", "2a000000000000000100"), "status=2 host=0 sense=7/27\n");
  EXPECT_EQ(answer("out 4096", "2a000000000000000800"), "status=2 host=0 sense=7/27\n");
  EXPECT_EQ(answer("out 512", "8a000000000000000000000000010000"), "status=2 host=0 sense=7/27\n");
  EXPECT_EQ(answer("out 512", "aa0000000000000000010000"), "status=2 host=0 sense=7/27\n");
  EXPECT_EQ(answer("none 0", "040000000000"), "status=2 host=0 sense=7/27\n");  // FORMAT UNIT
  EXPECT_EQ(answer("out 24", "42000000000000001800"), "status=2 host=0 sense=7/27\n");  // UNMAP
  EXPECT_EQ(answer("out 512", "41000000000000000100"), "status=2 host=0 sense=7/27\n");
  EXPECT_EQ(answer("out 12", "151000000c00"), "status=2 host=0 sense=7/27\n");  // MODE SELECT
  EXPECT_EQ(answer("out 512", "c1000000000000000000"), "status=2 host=0 sense=5/20\n");
  EXPECT_EQ(answer("in 512", "f0000000000000000000"), "status=2 host=0 sense=5/20\n");
  EXPECT_EQ(answer("out 512", "28000000000000000100"), "status=2 host=0 sense=5/24\n");
  EXPECT_EQ(answer("none 0", "1b0000000200"), "status=2 host=0 sense=5/20\n");  // eject
  EXPECT_EQ(answer("in 512", "28000000000000000100"), "status=0 host=0 sense=0/0\n");
  EXPECT_EQ(image(), before);
  ASSERT_TRUE(detach().ok());
  ASSERT_TRUE(wait_for_no_disk().ok());
  // The reasons are told where the device's end is.
  const auto log = vm().run("cat /run/rig/agent-sys-usb.log | tail -5; " + build +
                            "/bin/sallyport log | tail -3");
  EXPECT_NE(log.out.find("read-only"), std::string::npos) << log;
}

TEST_F(ReadOnly, ARuleMakesItSoWhateverIsAsked) {
  make_file_system();
  const std::string before = image();
  set_policy("qubes.USB * work sys-usb allow target=sys-usb read-only=yes\n");
  const std::string disk = attach_with("-o read-only=no");
  ASSERT_FALSE(disk.empty());
  expect_only_reading(disk, before);
  ASSERT_TRUE(detach().ok());
}

TEST_F(ReadOnly, WhatNoRuleGivesIsRefused) {
  set_policy("qubes.USB * work sys-usb allow target=sys-usb\n");
  const auto flash = vm().run(attach_command() + " -o firmware=yes", seconds(60));
  EXPECT_FALSE(flash.ok());
  EXPECT_NE(flash.out.find("needs a rule that says so"), std::string::npos) << flash;
  const auto unknown = vm().run(attach_command() + " -o append-only=yes", seconds(60));
  EXPECT_FALSE(unknown.ok());
  EXPECT_NE(unknown.out.find("Unsupported option"), std::string::npos) << unknown;
  const auto nothing = vm().run(attach_command() + " -o interfaces=9", seconds(60));
  EXPECT_FALSE(nothing.ok());
  EXPECT_NE(nothing.out.find("no interface that interfaces=9 chooses"), std::string::npos)
      << nothing;
}

}  // namespace
}  // namespace onevm
