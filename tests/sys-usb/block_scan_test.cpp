// SPDX-License-Identifier: GPL-2.0-or-later
// Facts of block devices from a made-up sysfs, and the watcher on this machine's own.
#include "sys-usb/io/block_scan.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "sys-usb/block_rules.hpp"
#include "sys-usb/io/block_watcher.hpp"

namespace sysusb {
namespace {

namespace fs = std::filesystem;

class BlockScan : public testing::Test {
 protected:
  using Attributes = std::map<std::string, std::string>;

  void SetUp() override {
    root_ = fs::temp_directory_path() / ("sallyport-block-test-" + std::to_string(::getpid()));
    fs::remove_all(root_);
    fs::create_directories(root_ / "sys/class/block");
    write(root_, {{"mountinfo", "22 1 8:99 / / rw - ext4 /dev/root rw"}, {"swaps", ""}});
    sources_ = {.sysfs = root_ / "sys",
                .mountinfo = root_ / "mountinfo",
                .swaps = root_ / "swaps",
                .udev = [this](const std::string& name) -> std::optional<UdevProperties> {
                  if (name == unfinished_) return std::nullopt;
                  return udev_[name];
                }};
  }
  void TearDown() override { fs::remove_all(root_); }

  static void write(const fs::path& folder, const Attributes& attributes) {
    for (const auto& [key, value] : attributes) {
      fs::create_directories((folder / key).parent_path());
      std::ofstream(folder / key) << value << '\n';
    }
  }
  fs::path add(const std::string& where, const Attributes& extra) {
    const fs::path folder = root_ / "sys/devices" / where;
    write(folder, extra);
    fs::create_directory_symlink(folder, root_ / "sys/class/block" / folder.filename());
    return folder;
  }
  fs::path add_disk(const std::string& where, const Attributes& extra = {}) {
    Attributes all{{"dev", "8:0"},
                   {"size", "121241600"},
                   {"ro", "0"},
                   {"removable", "1"},
                   {"hidden", "0"},
                   {"diskseq", "12"},
                   {"queue/logical_block_size", "512"},
                   {"queue/physical_block_size", "4096"}};
    for (const auto& [key, value] : extra) all[key] = value;
    return add(where, all);
  }
  std::map<std::string, BlockFacts> scan() {
    const auto found = scan_block_devices(sources_);
    if (!found) {
      ADD_FAILURE() << found.error().text;
      return {};
    }
    std::map<std::string, BlockFacts> by_name;
    for (const BlockFacts& each : *found) by_name.emplace(each.name, each);
    return by_name;
  }
  BlockFacts only() {
    const auto found = scan();
    EXPECT_EQ(found.size(), 1U);
    return found.empty() ? BlockFacts{} : found.begin()->second;
  }

  static constexpr const char* stick = "pci0000:00/0000:00:14.0/usb2/2-1/2-1.4/2-1.4:1.0/host4/sda";
  fs::path root_;
  BlockSources sources_;
  std::map<std::string, UdevProperties> udev_;
  std::string unfinished_;
};

TEST_F(BlockScan, ReadsAStickAndItsPartition) {
  add_disk(stick, {{"device/model", "DataTraveler 3.0  "}});
  write(root_ / "sys/devices/pci0000:00/0000:00:14.0/usb2/2-1/2-1.4", {{"serial", "60A44C"}});
  add(std::string(stick) + "/sda1",
      {{"dev", "8:1"}, {"size", "2048"}, {"start", "2048"}, {"ro", "1"}, {"partition", "1"}});
  udev_["sda1"] = {{"ID_FS_LABEL", "KEY"}, {"ID_MODEL", "DataTraveler_3.0"}};
  const auto found = scan();
  ASSERT_EQ(found.size(), 2U);
  const BlockRecord disk = record_of(found.at("sda"));
  const BlockRecord expected{.port_id = "sda",
                             .kind = BlockKind::disk,
                             .mode = BlockMode::read_write,
                             .medium = Medium::removable,
                             .size = 62075699200,
                             .sector_size = 512,
                             .physical_sector_size = 4096,
                             .parent = "",
                             .partition = 0,
                             .usb_interface = "2-1.4:1.0",
                             .model = "DataTraveler 3.0",
                             .label = "",
                             .serial = "60A44C",
                             .backing = ""};
  EXPECT_EQ(disk, expected);
  const BlockFacts& part = found.at("sda1");
  EXPECT_EQ(part.major, 8U);
  EXPECT_EQ(part.minor, 1U);
  EXPECT_EQ(part.start, 1048576U);
  EXPECT_EQ(part.diskseq, 12U);
  EXPECT_EQ(part.folder, fs::canonical(root_ / "sys/class/block/sda1"));
  const BlockRecord expected_part{.port_id = "sda1",
                                  .kind = BlockKind::partition,
                                  .mode = BlockMode::read_only,
                                  .medium = Medium::removable,
                                  .size = 1048576,
                                  .sector_size = 512,
                                  .physical_sector_size = 4096,
                                  .parent = "sda",
                                  .partition = 1,
                                  .usb_interface = "2-1.4:1.0",
                                  .model = "DataTraveler_3.0",
                                  .label = "KEY",
                                  .serial = "60A44C",
                                  .backing = ""};
  EXPECT_EQ(record_of(part), expected_part);
}

TEST_F(BlockScan, SeesWhatIsMountedOrSwap) {
  add_disk("a/sda", {{"dev", "8:0"}});
  add_disk("a/sdb", {{"dev", "8:16"}});
  add_disk("a/sdc", {{"dev", "8:32"}});
  write(root_, {{"mountinfo", "22 1 8:16 / /mnt rw - vfat /dev/sdb rw"},
                {"swaps", "Filename Type\n/dev/sdc partition 1 0 -2"}});
  const auto found = scan();
  EXPECT_FALSE(found.at("sda").mounted || found.at("sda").swap);
  EXPECT_TRUE(found.at("sdb").mounted);
  EXPECT_TRUE(found.at("sdc").swap);
}

TEST_F(BlockScan, SeesEveryDeviceOfAMountedBtrfs) {
  add_disk("a/sda");
  add_disk("a/sdb", {{"dev", "8:16"}});
  fs::create_directories(root_ / "sys/fs/btrfs/1-2-3/devices/sdb");
  fs::create_directories(root_ / "sys/fs/btrfs/features");
  EXPECT_FALSE(scan().at("sda").mounted);
  EXPECT_TRUE(scan().at("sdb").mounted);
}

TEST_F(BlockScan, WithoutTheMountsNothingIsKnown) {
  add_disk("a/sda");
  fs::remove(root_ / "mountinfo");
  EXPECT_FALSE(scan_block_devices(sources_).has_value());
}

TEST_F(BlockScan, AKernelWithoutSwapHasNoSwaps) {
  add_disk("a/sda");
  fs::remove(root_ / "swaps");
  EXPECT_FALSE(only().swap);
}

TEST_F(BlockScan, BoundsTheNumberOfDevices) {
  for (int i = 0; i < 1025; ++i)
    std::ofstream(root_ / "sys/class/block" / ("sd" + std::to_string(i))) << "";
  EXPECT_FALSE(scan_block_devices(sources_).has_value());
}

TEST_F(BlockScan, LeavesOutWhatHasNoNumber) {
  add_disk("a/sda", {{"dev", ""}});
  add_disk("a/sdb", {{"dev", "8"}});
  add_disk("a/sdc", {{"dev", "x:1"}});
  fs::create_directory_symlink(root_ / "gone", root_ / "sys/class/block/sdd");
  EXPECT_TRUE(scan().empty());
}

TEST_F(BlockScan, ReadsHoldersAndSlaves) {
  const auto disk = add_disk("a/sda");
  fs::create_directories(disk / "holders/dm-0");
  const auto upper = add_disk(
      "virtual/block/dm-0", {{"dev", "253:0"}, {"dm/name", "crypt"}, {"dm/uuid", "CRYPT-LUKS2-1"}});
  fs::create_directories(upper / "slaves/sda");
  const auto found = scan();
  EXPECT_EQ(found.at("sda").holders, std::vector<std::string>{"dm-0"});
  EXPECT_EQ(found.at("dm-0").slaves, std::vector<std::string>{"sda"});
  EXPECT_EQ(found.at("dm-0").dm_name, "crypt");
  EXPECT_EQ(found.at("dm-0").dm_uuid, "CRYPT-LUKS2-1");
}

TEST_F(BlockScan, FindsTheExclusionAboveALoopFile) {
  fs::create_directories(root_ / "images/deep");
  add_disk("virtual/block/loop0",
           {{"dev", "7:0"}, {"loop/backing_file", (root_ / "images/deep/a.img").string()}});
  EXPECT_FALSE(only().loop_excluded);
  EXPECT_EQ(record_of(only()).backing, (root_ / "images/deep/a.img").string());
  std::ofstream(root_ / "images/.qubes-exclude-block-devices") << "";
  EXPECT_TRUE(only().loop_excluded);
  fs::remove(root_ / "images/.qubes-exclude-block-devices");
  std::ofstream(root_ / "images/deep/.qubes-exclude-block-devices") << "";
  EXPECT_TRUE(only().loop_excluded);
  add("virtual/block/loop0/loop0p1", {{"dev", "259:0"}, {"partition", "1"}, {"size", "8"}});
  EXPECT_TRUE(scan().at("loop0p1").loop_excluded);
  EXPECT_EQ(scan().at("loop0p1").loop_file, "");
}

TEST_F(BlockScan, ALoopFileThatHasNoPathHereIsExcluded) {
  add_disk("virtual/block/loop0", {{"dev", "7:0"}, {"loop/backing_file", "(unreachable)/a"}});
  EXPECT_TRUE(only().loop_excluded);
}

TEST_F(BlockScan, KnowsAnEmptyDriveWithAndWithoutUdev) {
  add_disk("a/sr0", {{"dev", "11:0"}, {"size", "2097151"}});
  EXPECT_EQ(only().drive, DriveState::empty);  // what sr says before anybody opened it
  udev_["sr0"] = {{"ID_CDROM", "1"}, {"ID_CDROM_MEDIA", "1"}};
  EXPECT_EQ(only().drive, DriveState::loaded);
  udev_["sr0"] = {{"ID_CDROM", "1"}};
  EXPECT_EQ(only().drive, DriveState::empty);
}

TEST_F(BlockScan, ReadsUdevsWord) {
  add_disk("a/sda");
  udev_["sda"] = {{"QUBES_EXPORT_BLOCK_DEVICE", "0"},
                  {"UDISKS_IGNORE", "1"},
                  {"DM_UDEV_DISABLE_DISK_RULES_FLAG", "1"},
                  {"ID_SERIAL_SHORT", "S1"}};
  BlockFacts facts = only();
  EXPECT_EQ(facts.exported, Export::no);
  EXPECT_TRUE(facts.udisks_ignore && facts.dm_disk_rules_off && facts.looked_at);
  EXPECT_EQ(facts.serial, "S1");
  udev_["sda"] = {{"QUBES_EXPORT_BLOCK_DEVICE", "1"}};
  facts = only();
  EXPECT_EQ(facts.exported, Export::yes);
  EXPECT_FALSE(facts.udisks_ignore || facts.dm_disk_rules_off);
  unfinished_ = "sda";
  EXPECT_FALSE(only().looked_at);
}

TEST_F(BlockScan, ReadsNbd) {
  const auto disk = add_disk("virtual/block/nbd0", {{"dev", "43:0"}});
  EXPECT_FALSE(only().nbd_connected);
  write(disk, {{"pid", "812"}, {"backend", "sallyport:1"}});
  EXPECT_TRUE(only().nbd_connected);
  EXPECT_EQ(only().nbd_backend, "sallyport:1");
  add("virtual/block/nbd0/nbd0p1", {{"dev", "259:0"}, {"partition", "1"}, {"size", "8"}});
  EXPECT_EQ(scan().at("nbd0p1").nbd_backend, "sallyport:1");
}

TEST_F(BlockScan, KnowsAnotherQubesDevice) {
  add_disk("platform/vhci_hcd.0/usb3/3-1/3-1:1.0/host5/sda");
  EXPECT_TRUE(only().behind_vhci);
}

TEST_F(BlockScan, NoSizeIsBeyondTheRecords) {
  const auto disk = add_disk("a/sda", {{"size", "18014398509481984"}});  // 2^63 bytes
  EXPECT_EQ(only().size, 0U);
  write(disk, {{"size", "18014398509481983"}});
  EXPECT_EQ(only().size, (std::uint64_t{1} << 63U) - 512);
  write(disk, {{"size", "99999999999999999999999"}});
  EXPECT_EQ(only().size, 0U);
}

TEST_F(BlockScan, SectorSizesAreThoseOfARecord) {
  const auto disk = add_disk(
      "a/sda", {{"queue/logical_block_size", "4096"}, {"queue/physical_block_size", "512"}});
  EXPECT_EQ(only().sector_size, 4096U);
  EXPECT_EQ(only().physical_sector_size, 4096U);
  write(disk, {{"queue/logical_block_size", "13"}, {"queue/physical_block_size", "x"}});
  EXPECT_EQ(only().sector_size, 512U);
  EXPECT_EQ(only().physical_sector_size, 512U);
}

TEST_F(BlockScan, CutsLongTexts) {
  add_disk("a/sda", {{"device/model", std::string(400, 'm')}});
  EXPECT_EQ(only().model, std::string(255, 'm'));
}

// Which devices this machine has is its own affair; the first look must come to an end.
TEST(BlockWatcher, SaysWhenTheFirstLookIsComplete) {
  boost::asio::io_context io;
  int completed = 0;
  bool inside_start = true;
  const auto known = [](const BlockRecord& record) {
    EXPECT_TRUE(valid_block_id(record.port_id));
    EXPECT_TRUE(parse_block_record(encode_block_record(record)).has_value());
  };
  BlockWatcher watcher(io, {.added = known,
                            .changed = known,
                            .removed = [](const std::string&) {},
                            .complete =
                                [&] {
                                  EXPECT_FALSE(inside_start);
                                  ++completed;
                                  io.stop();
                                },
                            .hidden = nullptr,
                            .blind = nullptr});
  const auto started = watcher.start();
  ASSERT_TRUE(started.has_value()) << started.error().text;
  inside_start = false;
  io.run_for(std::chrono::seconds(10));
  EXPECT_EQ(completed, 1);
}

TEST(BlockWatcher, IsSilentAfterItsEnd) {
  boost::asio::io_context io;
  {
    BlockWatcher watcher(io, {.added = [](const BlockRecord&) { FAIL(); },
                              .changed = [](const BlockRecord&) { FAIL(); },
                              .removed = [](const std::string&) { FAIL(); },
                              .complete = [] { FAIL(); },
                              .hidden = [](const std::string&, Hidden) { FAIL(); },
                              .blind = [](const std::string&) { FAIL(); }});
    ASSERT_TRUE(watcher.start().has_value());
    watcher.set_attached({"sda"});
  }
  io.run_for(std::chrono::seconds(1));
}

}  // namespace
}  // namespace sysusb
