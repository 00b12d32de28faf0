// SPDX-License-Identifier: GPL-2.0-or-later
// What a qube tells of its block devices while a real kernel makes, mounts, maps and loses them,
// and root's helper opening them.
#include <unistd.h>

#include <fstream>

#include "tests/one-vm/qubes.hpp"

namespace onevm {
namespace {

using std::chrono::seconds;

const std::string tool = build + "/tests/bin/block_guest";
constexpr const char* log_file = "/run/rig/block.log";
// As one word of a shell.
std::string quoted(const std::string& text) {
  std::string word = "'";
  for (const char each : text) word += each == '\'' ? std::string("'\\''") : std::string(1, each);
  return word + "'";
}

constexpr const char* image = "/run/block/images/disk.img";

// An image with two partitions: 4 MiB from 1 MiB on, 2 MiB from 5 MiB on.
const std::string make_image =
    "set -e; modprobe -a loop dm_mod sr_mod ext4\n"
    "rm -rf /run/block; mkdir -p /run/block/images /run/block/mnt; : > /run/block/attached\n"
    "i=" +
    std::string(image) +
    "; truncate -s 16M $i\n"
    "printf '\\0\\0\\0\\0\\203\\0\\0\\0\\0\\010\\0\\0\\0\\040\\0\\0"
    "\\0\\0\\0\\0\\203\\0\\0\\0\\0\\050\\0\\0\\0\\020\\0\\0' | dd of=$i bs=1 seek=446 "
    "conv=notrunc status=none\n"
    "printf '\\125\\252' | dd of=$i bs=1 seek=510 conv=notrunc status=none\n";

void start_in_background(rig::Machine& vm, const std::string& name, const std::string& command) {
  const long pid = vm.start_background(name, command);
  ASSERT_GT(pid, 0) << name;
  vm.run("echo " + std::to_string(pid) + " > /run/block/" + name + ".process");
}

class BlockInventory : public OneVm {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(OneVm::SetUp());
    ASSERT_FALSE(wait_for_stick().empty());
    const auto prepared = vm().run(make_image, seconds(60));
    ASSERT_TRUE(prepared.ok()) << prepared;
    watch();
  }
  void TearDown() override {
    vm().run(
        "umount /run/block/mnt; swapoff -a; dmsetup remove_all; losetup -D; "
        "for f in /run/block/*.process; do kill -9 $(cat $f); done");
  }

  static void watch() {
    vm().run(std::string("rm -f ") + log_file);
    start_in_background(vm(), "block", "exec " + tool + " watch /run/block/attached");
    ASSERT_TRUE(vm().wait_until(std::string("grep -q complete ") + log_file).ok()) << log();
    mark();
  }
  static std::string log() { return vm().run(std::string("cat ") + log_file).out; }
  // Lines from here on are those of what comes next.
  static void mark() { vm().run("wc -l < " + std::string(log_file) + " > /run/block/mark"); }
  // Does something, and waits until each line was told since.
  static void after(const std::string& command, const std::vector<std::string>& lines) {
    SCOPED_TRACE(command);
    mark();
    const auto done = vm().run(command, seconds(60));
    ASSERT_TRUE(done.ok()) << done;
    expect(lines);
  }
  static void expect(const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
      const auto told = vm().wait_until("tail -n +$(($(cat /run/block/mark) + 1)) " +
                                        std::string(log_file) + " | grep -qxF " + quoted(line));
      EXPECT_TRUE(told.ok()) << "not told: " << line << "\n" << log();
    }
  }
  static void expect_not_told(const std::string& text) {
    const auto told = vm().run("tail -n +$(($(cat /run/block/mark) + 1)) " + std::string(log_file) +
                               " | grep -F '" + text + "'");
    EXPECT_FALSE(told.ok()) << told;
  }
  static void attach_loop() {
    after("losetup -P /dev/loop0 " + std::string(image),
          {"added loop0 loop rw 16777216 " + std::string(image),
           "added loop0p1 partition rw 4194304 loop0", "added loop0p2 partition rw 2097152 loop0"});
  }
};

TEST_F(BlockInventory, EmptyDevicesAreHiddenAndTheStickIsTold) {
  const std::string told = log();
  EXPECT_NE(told.find("hidden loop0: the loop device has no file\n"), std::string::npos) << told;
  EXPECT_EQ(told.find("added loop"), std::string::npos) << told;
  const std::string stick = wait_for_stick().substr(5);
  EXPECT_NE(told.find("added " + stick + " disk rw 134217728 "), std::string::npos) << told;
  const std::string interface =
      vm().run("basename $(readlink -f /sys/block/" + stick + "/device/../../..)").out;
  EXPECT_NE(told.find(" " + interface.substr(0, interface.size() - 1) + " " + stick_serial + "\n"),
            std::string::npos)
      << interface << told;
}

TEST_F(BlockInventory, ALoopFileComesGrowsAndGoes) {
  attach_loop();
  after("truncate -s 32M " + std::string(image) + " && losetup -c /dev/loop0",
        {"changed loop0 loop rw 33554432 " + std::string(image)});
  after("losetup -d /dev/loop0", {"removed loop0", "removed loop0p1", "removed loop0p2",
                                  "hidden loop0: the loop device has no file"});
  after("losetup -r /dev/loop0 " + std::string(image),
        {"added loop0 loop ro 33554432 " + std::string(image)});
  after(
      "losetup -d /dev/loop0; touch /run/block/images/.qubes-exclude-block-devices; "
      "losetup /dev/loop1 " +
          std::string(image),
      {"removed loop0",
       "hidden loop1: its file's folder has .qubes-exclude-block-devices, or "
       "cannot be looked into"});
}

TEST_F(BlockInventory, WhatIsMountedIsHiddenAndComesBack) {
  attach_loop();
  ASSERT_TRUE(vm().run("mkfs.ext4 -q /dev/loop0p1", seconds(60)).ok());
  after("mount /dev/loop0p1 /run/block/mnt",
        {"removed loop0", "removed loop0p1", "hidden loop0: one of its partitions is in use",
         "hidden loop0p1: it is mounted"});
  expect_not_told("loop0p2");
  after("umount /run/block/mnt", {"added loop0 loop rw 16777216 " + std::string(image),
                                  "added loop0p1 partition rw 4194304 loop0"});
}

TEST_F(BlockInventory, SwapSpaceIsHiddenAndComesBack) {
  attach_loop();
  ASSERT_TRUE(vm().run("mkswap /dev/loop0p2").ok());
  after("swapon /dev/loop0p2",
        {"removed loop0", "removed loop0p2", "hidden loop0p2: it is swap space"});
  expect_not_told("loop0p1");
  after("swapoff /dev/loop0p2", {"added loop0 loop rw 16777216 " + std::string(image),
                                 "added loop0p2 partition rw 2097152 loop0"});
}

TEST_F(BlockInventory, WhatTheDeviceMapperStandsOnIsHidden) {
  attach_loop();
  after("dmsetup --noudevsync create upper --table '0 8192 linear /dev/loop0p1 0'",
        {"removed loop0", "removed loop0p1", "added dm-0 dm rw 4194304 upper",
         "hidden loop0p1: another block device is built on it"});
  after("dmsetup --noudevsync remove upper",
        {"removed dm-0", "added loop0 loop rw 16777216 " + std::string(image),
         "added loop0p1 partition rw 4194304 loop0"});
}

TEST_F(BlockInventory, WhatIsAttachedHidesItsDiskOrItsPartitions) {
  attach_loop();
  after("echo loop0p1 > /run/block/attached",
        {"removed loop0", "hidden loop0: one of its partitions is attached"});
  expect_not_told("loop0p");
  after("echo loop0 > /run/block/attached",
        {"added loop0 loop rw 16777216 " + std::string(image), "removed loop0p1", "removed loop0p2",
         "hidden loop0p1: its disk is attached"});
  after(": > /run/block/attached",
        {"added loop0p1 partition rw 4194304 loop0", "added loop0p2 partition rw 2097152 loop0"});
}

TEST_F(BlockInventory, AnUnpluggedStickIsRemovedAndComesBack) {
  const std::string stick = wait_for_stick().substr(5);
  mark();
  ASSERT_TRUE(unplug_stick());
  expect({"removed " + stick});
  mark();
  ASSERT_TRUE(plug_stick());
  const std::string back = wait_for_stick().substr(5);
  const auto told =
      vm().wait_until("tail -n +$(($(cat /run/block/mark) + 1)) " + std::string(log_file) +
                      " | grep -q 'added " + back + " disk rw 134217728 .* " + stick_serial + "$'");
  EXPECT_TRUE(told.ok()) << log();
}

// A drive on the emulated xHCI; its disc is put in and taken out by QMP.
class BlockInventoryDrive : public BlockInventory {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(BlockInventory::SetUp());
    folder_ =
        std::filesystem::temp_directory_path() / ("sallyport-discs-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ / "small.iso") << std::string(std::size_t{1} << 20U, 'd');
    std::ofstream(folder_ / "large.iso") << std::string(std::size_t{2} << 20U, 'e');
    std::ofstream(folder_ / "twin.iso") << std::string(std::size_t{2} << 20U, 'f');
    // Media changes are seen where somebody asks the drive, and opens it: udev's rules do both.
    const auto running = vm().run(
        "/lib/systemd/systemd-udevd --daemon && udevadm control --ping && "
        "udevadm trigger --settle --subsystem-match=block && "
        "echo 1000 > /sys/module/block/parameters/events_dfl_poll_msecs",
        seconds(120));
    ASSERT_TRUE(running.ok()) << running;
    vm().run("kill -9 $(cat /run/block/block.process)");
    watch();
  }
  void TearDown() override {
    static_cast<void>(vm().qmp("device_del", {{"id", "drive"}}));
    vm().run(
        "udevadm control --exit; rm -rf /run/udev; "
        "echo 0 > /sys/module/block/parameters/events_dfl_poll_msecs");
    BlockInventory::TearDown();
    for (const char* disc : {"small", "large", "twin"})
      static_cast<void>(vm().qmp("blockdev-del", {{"node-name", disc}}));
    std::filesystem::remove_all(folder_);
  }
  static void say(const std::string& command, const boost::json::object& arguments) {
    const auto said = vm().qmp(command, arguments);
    ASSERT_TRUE(said) << command << ": " << said.error().text;
  }

  void insert(const std::string& disc) {
    const std::string file = (folder_ / (disc + ".iso")).string();
    say("blockdev-add", {{"driver", "raw"},
                         {"node-name", disc},
                         {"read-only", true},
                         {"file", {{"driver", "file"}, {"filename", file}}}});
    say("blockdev-open-tray", {{"id", "cd"}, {"force", true}});
    say("blockdev-remove-medium", {{"id", "cd"}});
    say("blockdev-insert-medium", {{"id", "cd"}, {"node-name", disc}});
    say("blockdev-close-tray", {{"id", "cd"}});
  }

  std::filesystem::path folder_;
};

TEST_F(BlockInventoryDrive, ADriveIsThereWhileItHasADisc) {
  say("device_add", {{"driver", "usb-bot"}, {"id", "drive"}, {"bus", "xhci.0"}, {"port", "5"}});
  say("device_add", {{"driver", "scsi-cd"}, {"id", "cd"}, {"bus", "drive.0"}});
  say("qom-set",
      {{"path", "/machine/peripheral/drive"}, {"property", "attached"}, {"value", true}});
  ASSERT_TRUE(vm().wait_until("test -e /sys/block/sr0", seconds(60)).ok());
  expect({"hidden sr0: the drive is empty"});

  mark();
  insert("small");
  const std::string drive = vm().run(
                                    "cd -P /sys/block/sr0/device/../../..; "
                                    "printf ' %s %s' ${PWD##*/} $(cat ../serial)")
                                .out;
  expect({"added sr0 cdrom ro 1048576" + drive});
  mark();
  insert("large");
  expect({"changed sr0 cdrom ro 2097152" + drive});
  mark();
  insert("twin");  // another disc, though nothing that is told of it differs
  expect({"changed sr0 cdrom ro 2097152" + drive});
  mark();
  say("eject", {{"id", "cd"}, {"force", true}});
  // A real drive tells of a removal by itself; QEMU's tells of new discs only.
  ASSERT_TRUE(vm().run("udevadm trigger --action=change --settle /sys/block/sr0").ok());
  expect({"removed sr0", "hidden sr0: the drive is empty"});
}

class BlockOpen : public BlockInventory {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(BlockInventory::SetUp());
    start_in_background(vm(), "helper",
                        "exec " + build +
                            "/bin/sallyport-devices --allow-block --socket "
                            "/run/block/devices.sock");
    ASSERT_TRUE(vm().wait_until("test -S /run/block/devices.sock").ok());
    attach_loop();
  }
  static rig::CommandResult open(const std::string& node, const std::string& mode) {
    return vm().run(tool + " open /run/block/devices.sock $(tr : ' ' < /sys/class/block/" + node +
                    "/dev) " + mode);
  }
};

TEST_F(BlockOpen, OpensWhatIsFree) {
  EXPECT_EQ(open("loop0p1", "ro").out, "4194304 not written\n");
  EXPECT_EQ(open("loop0p1", "rw").out, "4194304 written\n");
  EXPECT_EQ(open("loop0", "rw").out, "16777216 written\n");
}

TEST_F(BlockOpen, ReadWriteRefusesWhatIsInUse) {
  ASSERT_TRUE(
      vm().run("mkfs.ext4 -q /dev/loop0p1 && mount /dev/loop0p1 /run/block/mnt", seconds(60)).ok());
  for (const char* node : {"loop0p1", "loop0"}) {
    const auto refused = open(node, "rw");
    EXPECT_FALSE(refused.ok()) << refused;
    EXPECT_NE(refused.out.find("Device or resource busy"), std::string::npos) << refused;
  }
  EXPECT_EQ(open("loop0p2", "rw").out, "2097152 written\n");
  ASSERT_TRUE(vm().run("umount /run/block/mnt").ok());
  EXPECT_EQ(open("loop0p1", "rw").out, "4194304 written\n");
}

TEST_F(BlockOpen, WhatIsServedReadWriteIsOneClientsAlone) {
  start_in_background(vm(), "holder",
                      "exec " + tool +
                          " open /run/block/devices.sock $(tr : ' ' "
                          "< /sys/class/block/loop0p1/dev) rw keep");
  ASSERT_TRUE(vm().wait_until("grep -q written /run/rig/holder.log").ok());
  EXPECT_NE(open("loop0p1", "rw").out.find("Device or resource busy"), std::string::npos);
  EXPECT_NE(open("loop0", "rw").out.find("Device or resource busy"), std::string::npos);
  vm().run("kill -9 $(cat /run/block/holder.process)");
  EXPECT_TRUE(vm().wait_until("! test -d /proc/$(cat /run/block/holder.process)").ok());
  EXPECT_EQ(open("loop0p1", "rw").out, "4194304 written\n");
}

// The kernel counts media; a first open() must not look like another one.
TEST_F(BlockOpen, OpeningACardReaderIsNoChangeOfItsCard) {
  const auto card = std::filesystem::temp_directory_path() /
                    ("sallyport-card-" + std::to_string(::getpid()) + ".img");
  std::ofstream(card) << std::string(std::size_t{1} << 20U, 'c');
  ASSERT_TRUE(
      vm().qmp("blockdev-add", {{"driver", "raw"},
                                {"node-name", "card"},
                                {"file", {{"driver", "file"}, {"filename", card.string()}}}}));
  ASSERT_TRUE(vm().qmp("device_add", {{"driver", "usb-storage"},
                                      {"id", "reader"},
                                      {"bus", "xhci.0"},
                                      {"port", "6"},
                                      {"removable", true},
                                      {"serial", "READER"},
                                      {"drive", "card"}}));
  const auto told = vm().wait_until("grep 'added.*1048576.*READER' " + std::string(log_file));
  ASSERT_TRUE(told.ok()) << log();
  const std::string name = told.out.substr(6, 3);
  mark();
  EXPECT_EQ(open(name, "ro").out, "1048576 not written\n");
  EXPECT_EQ(open(name, "rw").out, "1048576 written\n");
  vm().run("sleep 2");
  expect_not_told(name);
  EXPECT_TRUE(vm().qmp("device_del", {{"id", "reader"}}));
  expect({"removed " + name});
  for (int i = 0; i < 50 && !vm().qmp("blockdev-del", {{"node-name", "card"}}); ++i)
    vm().run("sleep 0.1");
  std::filesystem::remove(card);
}

TEST_F(BlockOpen, OpensNoNumberThatIsNoBlockDevice) {
  for (const char* number : {"1 3", "4095 1048575", "259 77"}) {
    const auto refused = vm().run(tool + " open /run/block/devices.sock " + number + " ro");
    EXPECT_NE(refused.out.find("No such device or address"), std::string::npos) << refused;
  }
}

// The agent of sys-usb with --block, and a call that stands for a server of a medium.
class BlockAgent : public Qubes {
 protected:
  void TearDown() override {
    vm().run("losetup -D");
    Qubes::TearDown();
  }
  static rig::CommandResult wait_for(const std::string& log, const std::string& pattern,
                                     int count = 1) {
    const std::string counted = "[ $(grep -cE '" + pattern + "' /run/rig/" + log + ".log) -ge " +
                                std::to_string(count) + " ]";
    return vm().wait_until(counted, seconds(60));
  }
};

TEST_F(BlockAgent, TellsDom0BothClassesAndHidesWhatIsServed) {
  const auto prepared = vm().run(make_image + "losetup -P /dev/loop0 " + image +
                                     "\nprintf '#!/bin/sh\\nexec sleep 1000\\n' > "
                                     "/run/sys-usb/rpc/sallyport.Block\n"
                                     "chmod 755 /run/sys-usb/rpc/sallyport.Block\n",
                                 seconds(60));
  ASSERT_TRUE(prepared.ok()) << prepared;
  kill_process("agent-sys-usb", "KILL");
  start_process("agent-sys-usb", "exec " + build +
                                     "/bin/sallyport-agent --user sallyport --dial "
                                     "unix:/run/sallyport/qubes/sys-usb.sock --inventory usb "
                                     "--block --socket /run/sys-usb/agent.sock "
                                     "--services /run/sys-usb/rpc");
  const std::string told = "event=device qube=sys-usb port=loop0p1";
  EXPECT_TRUE(wait_for("daemon", told).ok()) << logs();
  EXPECT_TRUE(wait_for_listing().ok()) << logs();

  start_process("call", "exec " + build + "/bin/sallyport run sys-usb sallyport.Block+loop0");
  const std::string hidden = "block_device_hidden.*loop0p1.*its disk is attached";
  EXPECT_TRUE(wait_for("agent-sys-usb", hidden).ok())
      << logs() << vm().run("cat /run/rig/call.log");
  // A server that ends frees the disk.
  vm().run(
      "for p in /proc/[0-9]*; do case $(tr '\\0' ' ' < $p/cmdline) in 'sleep 1000 ') kill -9 "
      "${p#/proc/};; esac; done");
  EXPECT_TRUE(wait_for("daemon", told, 2).ok()) << logs();
}

}  // namespace
}  // namespace onevm
