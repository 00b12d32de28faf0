// SPDX-License-Identifier: GPL-2.0-or-later
// Five media at work at once, all under fio's load with verification: at random moments four are
// detached and the fifth is torn out of its port. fio ends with I/O errors and nothing worse; what
// is on the media is whole; nothing is left behind.
//
// RIG_SEED=N repeats a run's moments.
#include <array>
#include <random>
#include <thread>

#include "tests/one-vm/block_qubes.hpp"

namespace onevm {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// From the moment on at which all of them are written to.
constexpr int latest_cut_ms = 1500;
constexpr int detached = 4;
constexpr int cuts = detached + 1;
constexpr std::array<const char*, cuts> names{"xvdi", "xvdj", "xvdk", "xvdl", "xvdm"};

// fio's blocks carry their own place and checksum: one that is torn, misplaced or of another time
// is seen, by the load itself and on the medium afterwards.
const std::string fio =
    "fio --bs=4k --offset=2m --size=4m --allow_file_create=0 --verify=crc32c --verify_fatal=1 "
    "--eta=never ";
const std::string load =
    "--rw=randwrite --direct=1 --ioengine=libaio --iodepth=8 --verify_backlog=32 --time_based "
    "--runtime=300 ";

// Descriptors and processes, and how many devices nbd has.
const std::string what_must_not_grow =
    "{ for n in daemon relay agent-work agent-sys-usb devices-work devices-sys-usb; do "
    "read -r p < /run/rig/$n.process; set -- /proc/$p/fd/*; echo \"$n $#\"; done\n"
    "echo block processes $(pgrep -xc sallyport-block)\n"
    "set -- /sys/block/nbd*; echo nbd devices $#; } ";

class BlockSoak : public BlockQubes {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(BlockQubes::SetUp());
    stick_ = wait_for_stick();
    ASSERT_FALSE(stick_.empty());
    // What hangs is told by the kernel too.
    std::string prepare =
        "set -e; echo 0 > /sys/module/usb_storage/parameters/delay_use\n"
        "echo 20 > /proc/sys/kernel/hung_task_timeout_secs; dmesg -C\n";
    for (int i = 1; i < detached; ++i) {
      const std::string n = std::to_string(i);
      prepare += "truncate -s 8M /run/block/" + n + ".img; losetup /dev/loop" + n + " /run/block/" +
                 n + ".img\n";
    }
    prepare += fio_on_all(media(), "--rw=write --do_verify=0 ");
    const auto prepared = vm().run(prepare, seconds(120));
    ASSERT_TRUE(prepared.ok()) << prepared;
    for (int i = 1; i < detached; ++i) ASSERT_TRUE(wait_for_listing_of(loop(i)).ok());
    ASSERT_TRUE(media_are_whole());
    ASSERT_TRUE(vm().run(what_must_not_grow + "> /run/block/before").ok());
  }
  void TearDown() override {
    vm().run("pkill -9 -x fio; echo 1 > /sys/module/usb_storage/parameters/delay_use");
    BlockQubes::TearDown();
  }

  static std::string loop(int i) { return "loop" + std::to_string(i); }
  // sys-usb's devices in the order of `names`.
  std::vector<std::string> devices() const {
    std::vector<std::string> all;
    for (int i = 0; i < detached; ++i) all.push_back(loop(i));
    all.push_back(stick_.substr(5));
    return all;
  }
  std::vector<std::string> media() const {
    std::vector<std::string> paths;
    for (const std::string& device : devices()) paths.push_back("/dev/" + device);
    return paths;
  }
  static std::string fio_on_all(const std::vector<std::string>& paths, const std::string& options) {
    std::string command = fio + options;
    for (const std::string& path : paths) command += " --name=" + path + " --filename=" + path;
    return command + " 2>&1";
  }
  // Every block is one that fio wrote, in its place.
  ::testing::AssertionResult media_are_whole() const {
    std::string flush = "blockdev --flushbufs";
    for (const std::string& path : media()) flush += " " + path;
    const auto checked = vm().run(flush + "; " + fio_on_all(media(), "--rw=read"), seconds(120));
    if (checked.ok()) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "a medium is damaged: " << checked;
  }
  void attach_all() const {
    std::string command;
    for (std::size_t i = 0; i < names.size(); ++i) {
      command += programs + "qvm-block attach work sys-usb:" + devices()[i] +
                 " -o frontend-dev=" + names.at(i) + " & ";
    }
    command += "wait; for n in";
    for (const char* name : names) command += std::string(" ") + name;
    const auto done = vm().run(command + "; do test -b /dev/$n || exit 1; done", seconds(120));
    ASSERT_TRUE(done.ok()) << done << logs();
  }
  static void start_load() {
    std::vector<std::string> paths;
    for (const char* name : names) paths.push_back(std::string("/dev/") + name);
    // Counts go on where a former device of that number has left them.
    const std::string count =
        "for n in 0 1 2 3 4; do read -r a b c d writes e < /sys/block/nbd$n/stat; ";
    vm().run(count + "echo $writes > /run/block/writes$n; done");
    vm().start_background("fio", fio_on_all(paths, load) + "; echo exit $?");
    const auto writes = vm().wait_until(
        count + "read -r before < /run/block/writes$n; [ $writes -gt $before ] || exit 1; done",
        seconds(60));
    ASSERT_TRUE(writes.ok()) << vm().run("cat /run/rig/fio.log");
  }
  void cut_all(std::mt19937& random) const {
    std::uniform_int_distribution<int> moments(0, latest_cut_ms);
    std::string command;
    for (int i = 0; i < detached; ++i) {
      command += "(sleep " + std::to_string(double(moments(random)) / 1000) + "; " + programs +
                 "qvm-block detach work sys-usb:" + loop(i) + "; echo detached $?) & ";
    }
    const milliseconds unplug(moments(random));
    vm().start_background("cut", command + "wait; echo over");
    std::this_thread::sleep_for(unplug);
    ASSERT_TRUE(unplug_stick());
    EXPECT_TRUE(wait_for("grep -q ^over /run/rig/cut.log").ok()) << logs();
    const auto said = vm().run("grep -c '^detached 0' /run/rig/cut.log");
    EXPECT_EQ(said.out, std::to_string(detached) + "\n") << vm().run("cat /run/rig/cut.log");
  }
  // fio has ended by itself, each of its jobs of an I/O error.
  static void check_load() {
    const auto ended = vm().wait_until("grep -q '^exit ' /run/rig/fio.log", seconds(90));
    ASSERT_TRUE(ended.ok()) << "fio hangs: " << vm().run("cat /run/rig/fio.log; ps -eo stat,args");
    const std::string said = vm().run("cat /run/rig/fio.log").out;
    EXPECT_EQ(said.find("verify:"), std::string::npos) << said;
    EXPECT_EQ(vm().run("grep -c '^fio: pid=.*err=5/' /run/rig/fio.log").out,
              std::to_string(cuts) + "\n")
        << said;
  }
  static ::testing::AssertionResult settles() {
    const auto settled = vm().wait_until(
        "! ls /dev/xvd* /sys/block/nbd*/pid 2>/dev/null | grep -q . && " + what_must_not_grow +
            "> /run/block/now && cmp -s /run/block/before /run/block/now",
        seconds(60));
    if (settled.ok()) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure()
           << vm().run("ls /dev/xvd* /sys/block/nbd*/pid; diff /run/block/before /run/block/now");
  }
  void replug() {
    ASSERT_TRUE(plug_stick());
    stick_ = wait_for_stick();
    ASSERT_FALSE(stick_.empty());
    for (const std::string& device : devices())
      ASSERT_TRUE(wait_for_listing_of(device).ok()) << logs();
  }
  static void expect_kernel_is_well() {
    // Those of the moment are not stuck.
    EXPECT_TRUE(wait_for("! ps -eo stat= | grep -q '^D'").ok()) << vm().run("ps -eo stat,args");
    const auto said = vm().run("dmesg | grep -E 'blocked for more|BUG|WARNING|Oops|refcount'");
    EXPECT_FALSE(said.ok()) << said;
  }

  std::string stick_;  // sys-usb's /dev/sda, or another
};

TEST_F(BlockSoak, DetachesAndUnplugsUnderVerifiedLoadLeaveNothingBehind) {
  const unsigned start = seed();
  std::cout << "RIG_SEED=" << start << '\n';
  std::mt19937 random(start);
  const int all = rounds(200, 3);
  for (int i = 0; i < all && !HasFailure(); ++i) {
    SCOPED_TRACE("round " + std::to_string(i));
    ASSERT_NO_FATAL_FAILURE(attach_all());
    ASSERT_NO_FATAL_FAILURE(start_load());
    ASSERT_NO_FATAL_FAILURE(cut_all(random));
    check_load();
    ASSERT_TRUE(settles());
    ASSERT_NO_FATAL_FAILURE(replug());
    EXPECT_TRUE(media_are_whole());
    std::cout << "round " << i << ", " << cuts * (i + 1) << " cuts" << std::endl;
  }
  expect_kernel_is_well();
}

}  // namespace
}  // namespace onevm
