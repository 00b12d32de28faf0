// SPDX-License-Identifier: GPL-2.0-or-later
// Media that fail, hang, change or are special, seen from the kernel of the target.
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "tests/one-vm/block_qubes.hpp"

namespace onevm {
namespace {

using std::chrono::seconds;

class BlockFault : public BlockQubes {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(BlockQubes::SetUp());
    ASSERT_TRUE(vm().run("modprobe -a dm_mod sr_mod isofs").ok());
  }
  void TearDown() override {
    vm().run("umount -l /run/block/mnt; dmsetup --noudevsync resume faulty; pkill -9 -x fio");
    vm().run("dmsetup --noudevsync remove --force --retry faulty");
    BlockQubes::TearDown();
  }

  // A device-mapper device over loop0, and its name in sys-usb's list.
  static std::string map_medium(const std::string& table) {
    const auto made = vm().run("dmsetup --noudevsync create faulty <<END\n" + table +
                               "END\ndmsetup info -c --noheadings -o blkdevname faulty");
    EXPECT_TRUE(made.ok()) << made;
    const std::string name = made.out.substr(0, made.out.find('\n'));
    EXPECT_TRUE(wait_for_listing_of(name).ok()) << vm().run(programs + "qvm-block list") << logs();
    return name;
  }
  static rig::CommandResult read_at(const std::string& device, unsigned kib) {
    return vm().run("dd if=" + device +
                        " of=/dev/null bs=4k count=1 iflag=direct skip=" + std::to_string(kib / 4),
                    seconds(60));
  }
  // The N of nbdN behind a name.
  static std::string kernel_name(const std::string& name) {
    const std::string link = vm().run("readlink /dev/" + name).out;
    return link.substr(0, link.find('\n'));
  }
  static std::string attribute(const std::string& name, const std::string& which) {
    const std::string value = vm().run("cat /sys/block/" + kernel_name(name) + "/" + which).out;
    return value.substr(0, value.find('\n'));
  }
};

TEST_F(BlockFault, SectorsThatCannotBeReadAreAnErrorAndTheRestIsRead) {
  // 16 KiB in the middle of 32 MiB.
  const std::string device = map_medium(
      "0 32768 linear /dev/loop0 0\n32768 32 error\n32800 32736 linear /dev/loop0 32800\n");
  ASSERT_TRUE(give({}, device).ok()) << logs();
  EXPECT_TRUE(read_at("/dev/xvdi", 16 * 1024 - 4).ok());
  for (const unsigned kib : {16384U, 16392U, 16396U}) {
    const auto read = read_at("/dev/xvdi", kib);
    EXPECT_FALSE(read.ok()) << kib;
    EXPECT_NE(read.out.find("Input/output error"), std::string::npos) << read;
  }
  EXPECT_TRUE(read_at("/dev/xvdi", 16400).ok());
  // A long read that touches them: what is before them comes, and is right.
  EXPECT_EQ(
      vm().run("dd if=/dev/xvdi bs=1M 2>/dev/null | head -c 16M | sha256sum", seconds(60)).out,
      vm().run("head -c 16M " + medium + " | sha256sum").out);
  // Writes are taken by sys-usb's page cache, as by a disk's own; what is flushed tells.
  const auto written = vm().run(
      "dd if=/dev/zero of=/dev/xvdi bs=4k count=1 seek=4096 conv=fsync oflag=direct", seconds(60));
  EXPECT_FALSE(written.ok()) << written;
  EXPECT_TRUE(
      vm().run("dd if=/dev/zero of=/dev/xvdi bs=4k count=1 seek=8 conv=fsync oflag=direct").ok());
  EXPECT_TRUE(take(device).ok());
  expect_nothing_left();
}

TEST_F(BlockFault, AMediumThatHangsIsGivenUpWithAReasonAndTheOthersGoOn) {
  const std::string device = map_medium("0 65536 linear /dev/loop0 0\n");
  ASSERT_TRUE(vm().run("truncate -s 8M /run/block/other.img; losetup /dev/loop1 "
                       "/run/block/other.img")
                  .ok());
  ASSERT_TRUE(wait_for_listing_of("loop1").ok());
  ASSERT_TRUE(give({}, device).ok()) << logs();
  ASSERT_TRUE(give({}, "loop1").ok()) << logs();
  ASSERT_TRUE(read_at("/dev/xvdi", 0).ok());
  ASSERT_TRUE(vm().run("blockdev --flushbufs /dev/" + device +
                       "; echo 3 > /proc/sys/vm/drop_caches; "
                       "dmsetup --noudevsync suspend --nolockfs --noflush faulty")
                  .ok());
  vm().start_background("hung",
                        "dd if=/dev/xvdi of=/dev/null bs=4k count=1 skip=2048 iflag=direct; "
                        "echo exit $?");
  vm().run("sleep 3");
  // Nobody waits for it but who asked it.
  EXPECT_TRUE(read_at("/dev/xvdj", 4096).ok());
  EXPECT_FALSE(vm().run("grep -q ^exit /run/rig/hung.log").ok());
  const auto ended = vm().wait_until("grep -q '^exit 1' /run/rig/hung.log", seconds(120));
  EXPECT_TRUE(ended.ok()) << vm().run("cat /run/rig/hung.log; ps -eo stat,args; dmesg | tail");
  EXPECT_TRUE(wait_for_end_of(device).ok()) << logs();
  EXPECT_TRUE(wait_for("! ls /dev/xvdi 2>/dev/null").ok());
  EXPECT_TRUE(read_at("/dev/xvdj", 4096).ok());
  // sys-usb's server waits for its own kernel, and goes when the medium answers.
  EXPECT_TRUE(vm().run("dmsetup --noudevsync resume faulty").ok());
  EXPECT_TRUE(wait_for_listing_of(device).ok()) << logs();
  EXPECT_NE(last_end_of(device).find("did not answer for 50 s"), std::string::npos)
      << last_end_of(device) << logs();
  EXPECT_TRUE(take("loop1").ok());
  EXPECT_TRUE(wait_for("! pgrep -x sallyport-block").ok()) << vm().run("ps -eo stat,args");
  expect_nothing_left();
}

TEST_F(BlockFault, AMediumOfAnotherSizeIsAnotherOne) {
  ASSERT_TRUE(give().ok()) << logs();
  ASSERT_TRUE(vm().run("truncate -s 8M " + medium + " && losetup -c /dev/loop0").ok());
  EXPECT_TRUE(wait_for_end_of("loop0").ok()) << logs();
  EXPECT_NE(last_end_of("loop0").find("changed what it claims to be"), std::string::npos)
      << last_end_of("loop0");
  expect_nothing_left();
  ASSERT_TRUE(give().ok()) << logs();
  EXPECT_EQ(vm().run("blockdev --getsize64 /dev/xvdi").out, "8388608\n");
  ASSERT_TRUE(vm().run("truncate -s 64M " + medium + " && losetup -c /dev/loop0").ok());
  EXPECT_TRUE(wait_for_end_of("loop0").ok()) << logs();
  expect_nothing_left();
}

TEST_F(BlockFault, SectorsOf4096BytesAreMountedAndUsed) {
  ASSERT_TRUE(vm().run("truncate -s 64M /run/block/large.img; losetup -b 4096 /dev/loop1 "
                       "/run/block/large.img")
                  .ok());
  ASSERT_TRUE(wait_for_listing_of("loop1").ok());
  ASSERT_TRUE(give({}, "loop1").ok()) << logs();
  EXPECT_EQ(vm().run("blockdev --getss /dev/xvdi").out, "4096\n");
  const auto used = vm().run(
      "set -e; mkfs.ext4 -q -F /dev/xvdi; mount /dev/xvdi /run/block/mnt\n"
      "head -c 4M /dev/urandom > /run/block/mnt/file; sha256sum < /run/block/mnt/file\n"
      "umount /run/block/mnt",
      seconds(120));
  EXPECT_TRUE(used.ok()) << used;
  EXPECT_TRUE(take("loop1").ok());
  const auto found = vm().run(
      "mount -o ro /dev/loop1 /run/block/mnt && sha256sum < /run/block/mnt/file; "
      "umount /run/block/mnt",
      seconds(60));
  EXPECT_EQ(found.out, used.out);
  expect_nothing_left();
}

TEST_F(BlockFault, SeveralAtOnceHaveTheirOwnNamesAndBytes) {
  constexpr int many = 6;
  std::string names = "ijklmn";
  for (int i = 1; i <= many; ++i) {
    const std::string n = std::to_string(i);
    ASSERT_TRUE(vm().run("head -c 2M /dev/urandom > /run/block/" + n + ".img; losetup /dev/loop" +
                         n + " /run/block/" + n + ".img")
                    .ok());
    ASSERT_TRUE(wait_for_listing_of("loop" + n).ok());
    ASSERT_TRUE(give(i % 2 == 0 ? "--ro" : "", "loop" + n).ok()) << logs();
  }
  std::reverse(names.begin(), names.end());
  for (int i = many; i >= 1; --i) {
    const std::string n = std::to_string(i);
    const std::string name = std::string("/dev/xvd") + names[static_cast<std::size_t>(many - i)];
    EXPECT_EQ(sum(name), sum("/run/block/" + n + ".img")) << name;
    EXPECT_EQ(vm().run("blockdev --getro " + name).out, i % 2 == 0 ? "1\n" : "0\n") << name;
    EXPECT_TRUE(take("loop" + n).ok()) << logs();
    EXPECT_FALSE(vm().run("test -e " + name).ok());
  }
  expect_nothing_left();
}

TEST_F(BlockFault, TrimFlushAndFuaReachTheMedium) {
  ASSERT_TRUE(give().ok()) << logs();
  EXPECT_EQ(attribute("xvdi", "queue/write_cache"), "write back");
  EXPECT_EQ(attribute("xvdi", "queue/fua"), "1");
  // loop punches holes into its file.
  const auto kib = [] { return std::stol(vm().run("du -k " + medium).out); };
  const long before = kib();
  EXPECT_TRUE(vm().run("blkdiscard -o 4M -l 8M /dev/xvdi", seconds(60)).ok());
  EXPECT_LE(kib(), before - 8 * 1024);
  EXPECT_EQ(vm().run("cmp -n 8M /dev/zero /dev/xvdi -i 0:4M && echo zeroes").out, "zeroes\n");
  // What loop0 was told to flush, by the kernel's count.
  const auto flushes = [] {
    return std::stol(vm().run("awk '{ print $16 }' /sys/block/loop0/stat").out);
  };
  const long start = flushes();
  const std::string write = "dd if=/dev/zero of=/dev/xvdi bs=4k count=8 oflag=direct";
  EXPECT_TRUE(vm().run(write).ok());
  EXPECT_EQ(flushes(), start);
  EXPECT_TRUE(vm().run(write + ",dsync").ok());  // each write is one with FUA
  const long after_fua = flushes();
  EXPECT_GE(after_fua, start + 8);
  EXPECT_TRUE(vm().run(write + " conv=fsync").ok());
  EXPECT_GE(flushes(), after_fua + 1);
  // The kernel writes zeroes itself: its nbd does not ask the server to.
  EXPECT_EQ(attribute("xvdi", "queue/write_zeroes_max_bytes"), "0");
  EXPECT_TRUE(vm().run("blkdiscard -z -o 16M -l 1M /dev/xvdi", seconds(60)).ok());
  EXPECT_EQ(vm().run("cmp -n 1M /dev/zero /dev/xvdi -i 0:16M && echo zeroes").out, "zeroes\n");
  EXPECT_TRUE(take().ok());
  EXPECT_EQ(vm().run("cmp -n 1M /dev/zero " + medium + " -i 0:16M && echo zeroes").out, "zeroes\n");
  expect_nothing_left();
}

// A drive on the emulated xHCI with a disc in it.
class BlockDisc : public BlockFault {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(BlockFault::SetUp());
    std::string bytes(std::size_t{4} << 20U, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * i >> 7U);
    std::ofstream(image_) << bytes;
    ASSERT_TRUE(
        vm().qmp("blockdev-add", {{"driver", "raw"},
                                  {"node-name", "disc"},
                                  {"read-only", true},
                                  {"file", {{"driver", "file"}, {"filename", image_.string()}}}}));
    const auto add = [](const boost::json::object& device) {
      ASSERT_TRUE(vm().qmp("device_add", device));
    };
    add({{"driver", "usb-bot"}, {"id", "drive"}, {"bus", "xhci.0"}, {"port", "5"}});
    add({{"driver", "scsi-cd"}, {"id", "cd"}, {"bus", "drive.0"}, {"drive", "disc"}});
    ASSERT_TRUE(vm().qmp(
        "qom-set",
        {{"path", "/machine/peripheral/drive"}, {"property", "attached"}, {"value", true}}));
    ASSERT_TRUE(wait_for_listing_of("sr0").ok()) << logs();
  }
  void TearDown() override {
    static_cast<void>(vm().qmp("device_del", {{"id", "drive"}}));
    BlockFault::TearDown();
    for (int i = 0; i < 50 && !vm().qmp("blockdev-del", {{"node-name", "disc"}}); ++i)
      vm().run("sleep 0.1");
    std::filesystem::remove(image_);
  }

  std::filesystem::path image_ = std::filesystem::temp_directory_path() /
                                 ("sallyport-disc-" + std::to_string(::getpid()) + ".iso");
};

TEST_F(BlockDisc, IsADiskThatIsOnlyReadAndItsRemovalIsSeen) {
  EXPECT_FALSE(give("-o read-only=no", "sr0").ok());
  ASSERT_TRUE(give({}, "sr0").ok()) << logs();
  EXPECT_EQ(vm().run("blockdev --getro --getss --getsize64 /dev/xvdd").out, "1\n2048\n4194304\n");
  EXPECT_EQ(vm().run("cmp /dev/xvdd " + image_.string() + " && echo same").out, "same\n");
  vm().run("blockdev --setrw /dev/xvdd");
  EXPECT_FALSE(vm().run("dd if=/dev/zero of=/dev/xvdd bs=4k count=1 oflag=direct").ok());
  ASSERT_TRUE(vm().qmp("eject", {{"id", "cd"}, {"force", true}}));
  vm().run("echo 3 > /proc/sys/vm/drop_caches");
  EXPECT_FALSE(read_at("/dev/xvdd", 1024).ok());
  ASSERT_TRUE(vm().qmp("device_del", {{"id", "drive"}}));
  EXPECT_TRUE(wait_for_end_of("sr0").ok()) << logs();
  expect_nothing_left();
}

}  // namespace
}  // namespace onevm
