// SPDX-License-Identifier: GPL-2.0-or-later
// Which block devices are exposed: every rule in both directions.
#include "sys-usb/block_rules.hpp"

#include <gtest/gtest.h>

#include "sys-usb/block_use.hpp"

namespace sysusb {
namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20U;

BlockFacts whole(const std::string& name) {
  BlockFacts facts;
  facts.name = name;
  facts.major = 8;
  facts.size = 100 * mib;
  return facts;
}

BlockFacts part(const std::string& disk, std::uint16_t number) {
  BlockFacts facts = whole(disk + std::to_string(number));
  facts.disk = disk;
  facts.partition = number;
  facts.start = number * 10 * mib;
  facts.size = 10 * mib;
  return facts;
}

BlockFacts mapped(const std::string& name) {
  BlockFacts facts = whole("dm-0");
  facts.major = 253;
  facts.dm_name = name;
  return facts;
}

BlockFacts looped(const std::string& file) {
  BlockFacts facts = whole("loop0");
  facts.major = 7;
  facts.loop_file = file;
  return facts;
}

using Facts = std::vector<BlockFacts>;
using Attached = std::set<std::string>;

// "sda: it is mounted" for each hidden one, "sda" for each exposed one.
std::vector<std::string> told(const Facts& facts, const Attached& attached = {}) {
  const auto reasons = hidden_reasons(facts, attached);
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < facts.size(); ++i)
    lines.push_back(facts[i].name + (reasons[i] ? ": " + std::string(describe(*reasons[i])) : ""));
  return lines;
}

std::optional<Hidden> alone(const BlockFacts& facts) { return hidden_reasons({facts}, {}).front(); }

TEST(BlockRules, ExposeADiskWithItsPartitions) {
  EXPECT_EQ(told({whole("sda"), part("sda", 1), part("sda", 2), mapped("crypt"), looped("/a/b"),
                  whole("nvme0n1")}),
            (std::vector<std::string>{"sda", "sda1", "sda2", "dm-0", "loop0", "nvme0n1"}));
}

// reference 3.4: a stick at 2-1.4 with a partition labelled KEY.
TEST(BlockRules, TheWorkedExample) {
  BlockFacts sda = whole("sda");
  sda.size = 62075699200;
  sda.model = "DataTraveler_3.0";
  sda.usb_interface = "2-1.4:1.0";
  BlockFacts sda1 = part("sda", 1);
  sda1.model = sda.model;
  sda1.usb_interface = sda.usb_interface;
  sda1.label = "KEY";
  const BlockRecord disk = record_of(sda);
  EXPECT_EQ(disk.port_id, "sda");
  EXPECT_EQ(disk.kind, BlockKind::disk);
  EXPECT_EQ(disk.size, 62075699200U);
  EXPECT_EQ(disk.mode, BlockMode::read_write);
  EXPECT_EQ(disk.parent, "");
  EXPECT_EQ(disk.usb_interface, "2-1.4:1.0");
  const BlockRecord partition = record_of(sda1);
  EXPECT_EQ(partition.port_id, "sda1");
  EXPECT_EQ(partition.kind, BlockKind::partition);
  EXPECT_EQ(partition.parent, "sda");
  EXPECT_EQ(partition.partition, 1);
  EXPECT_EQ(partition.label, "KEY");
  EXPECT_EQ(partition.model, "DataTraveler_3.0");

  const Facts stick{sda, sda1};
  EXPECT_EQ(told(stick), (std::vector<std::string>{"sda", "sda1"}));
  EXPECT_EQ(told(stick, {"sda1"}),
            (std::vector<std::string>{"sda: one of its partitions is attached", "sda1"}));
  EXPECT_EQ(told(stick, {"sda"}), (std::vector<std::string>{"sda", "sda1: its disk is attached"}));
  // Both come back when it is free again (Qubes' #9566).
  EXPECT_EQ(told(stick), (std::vector<std::string>{"sda", "sda1"}));
}

TEST(BlockRules, EveryRecordOfAnExposedDeviceParses) {
  BlockFacts drive = whole("sr0");
  drive.drive = DriveState::loaded;
  BlockFacts raid = whole("cciss!c0d0");
  for (const BlockFacts& each :
       {whole("sda"), part("sda", 1), mapped("crypt"), looped("/a/b"), drive, raid}) {
    ASSERT_FALSE(alone(each)) << each.name;
    const BlockRecord record = record_of(each);
    const auto back = parse_block_record(encode_block_record(record));
    ASSERT_TRUE(back.has_value()) << each.name << describe(back.error());
    EXPECT_EQ(*back, record);
  }
  EXPECT_EQ(record_of(raid).port_id, "cciss-c0d0");
  EXPECT_EQ(record_of(drive).mode, BlockMode::read_only);
  EXPECT_EQ(record_of(mapped("crypt")).backing, "crypt");
  EXPECT_EQ(record_of(looped("/a/b")).backing, "/a/b");
}

TEST(BlockRules, HideWhatIsNoMedium) {
  for (const auto& [name, reason] :
       {std::pair{"zram0", Hidden::memory}, std::pair{"ram0", Hidden::memory},
        std::pair{"md127", Hidden::array}, std::pair{"BAD", Hidden::bad_name},
        std::pair{"vda", Hidden::own_volume}})
    EXPECT_EQ(alone(whole(name)), reason) << name;
  BlockFacts facts = whole("fd0");
  facts.major = 2;
  EXPECT_EQ(alone(facts), Hidden::floppy);
  facts = whole("md_d0");
  facts.major = 9;
  EXPECT_TRUE(alone(facts).has_value());
  facts = whole("xvda");
  facts.major = 202;
  facts.exported = Export::yes;
  EXPECT_EQ(alone(facts), Hidden::own_volume);
  facts = part("xvda", 17);  // beyond the 16 minors, so of another major
  facts.major = 259;
  EXPECT_EQ(alone(facts), Hidden::own_volume);
  facts = whole("nvme0c0n1");
  facts.kernel_hides = true;
  EXPECT_EQ(alone(facts), Hidden::kernel_hides);
}

TEST(BlockRules, AVolumeOfTheQubeIsExposedOnlyByName) {
  BlockFacts facts = whole("vdb");
  facts.exported = Export::yes;
  EXPECT_FALSE(alone(facts));
}

TEST(BlockRules, FollowUdev) {
  BlockFacts facts = whole("sda");
  facts.udisks_ignore = true;
  EXPECT_EQ(alone(facts), Hidden::udisks_ignore);
  facts = whole("sda");
  facts.exported = Export::no;
  EXPECT_EQ(alone(facts), Hidden::export_denied);
  facts.exported = Export::yes;
  EXPECT_FALSE(alone(facts));
  facts.looked_at = false;
  EXPECT_EQ(alone(facts), Hidden::not_looked_at);
}

TEST(BlockRules, AnotherQubesDeviceIsNotPassedOn) {
  BlockFacts facts = whole("sda");
  facts.behind_vhci = true;
  EXPECT_EQ(alone(facts), Hidden::behind_vhci);
  facts = whole("nbd0");
  facts.nbd_connected = true;
  EXPECT_FALSE(alone(facts));
  facts.nbd_backend = "sallyport:sys-usb:sda";
  EXPECT_EQ(alone(facts), Hidden::own_frontend);
  facts = part("nbd0p", 1);
  facts.nbd_backend = "sallyport:sys-usb:sda";
  EXPECT_EQ(alone(facts), Hidden::own_frontend);
}

TEST(BlockRules, UnconnectedNbd) {
  EXPECT_EQ(alone(whole("nbd0")), Hidden::nbd_unconnected);
  EXPECT_EQ(alone(part("nbd0p", 1)), Hidden::nbd_unconnected) << "left behind by the kernel";
}

TEST(BlockRules, InnerLayersOfTheDeviceMapper) {
  BlockFacts facts = mapped("crypt");
  facts.dm_disk_rules_off = true;
  EXPECT_EQ(alone(facts), Hidden::dm_private);
  facts.exported = Export::yes;
  EXPECT_FALSE(alone(facts));
  for (const char* name : {"", "snapshot-1:2-3:4", "origin-1:2"})
    EXPECT_EQ(alone(mapped(name)), Hidden::dm_internal) << name;
  EXPECT_FALSE(alone(mapped("my-snapshot-1")));
  facts = mapped("vg-data");
  facts.dm_uuid = "LVM-" + std::string(64, 'a');
  EXPECT_FALSE(alone(facts));
  facts.dm_uuid += "-cow";
  EXPECT_EQ(alone(facts), Hidden::dm_internal);
}

TEST(BlockRules, AnOpenDeviceMapperDevice) {
  BlockFacts facts = mapped("crypt");
  facts.dm_open_count = 1;
  EXPECT_EQ(alone(facts), Hidden::dm_open);
  facts.dm_open_count = 0;
  EXPECT_FALSE(alone(facts));
}

TEST(BlockRules, LoopDevices) {
  EXPECT_EQ(alone(looped("")), Hidden::loop_empty);
  BlockFacts facts = looped("/a/b");
  EXPECT_FALSE(alone(facts));
  facts.loop_excluded = true;
  EXPECT_EQ(alone(facts), Hidden::loop_excluded);
}

TEST(BlockRules, NoMedium) {
  BlockFacts drive = whole("sr0");
  drive.drive = DriveState::empty;
  EXPECT_EQ(alone(drive), Hidden::no_medium);
  drive.drive = DriveState::loaded;
  EXPECT_FALSE(alone(drive));
  BlockFacts reader = whole("sdb");
  reader.size = 0;  // a card reader without a card
  EXPECT_EQ(alone(reader), Hidden::no_size);
}

TEST(BlockRules, AUsedPartitionHidesItsDiskButNotItsNeighbour) {
  using Use = void (*)(BlockFacts&);
  const std::pair<Use, std::string> uses[] = {
      {[](BlockFacts& facts) { facts.mounted = true; }, "sda1: it is mounted"},
      {[](BlockFacts& facts) { facts.swap = true; }, "sda1: it is swap space"},
      {[](BlockFacts& facts) { facts.holders = {"dm-0"}; },
       "sda1: another block device is built on it"}};
  for (const auto& [use, line] : uses) {
    Facts facts{whole("sda"), part("sda", 1), part("sda", 2)};
    use(facts[1]);
    EXPECT_EQ(told(facts),
              (std::vector<std::string>{"sda: one of its partitions is in use", line, "sda2"}));
  }
}

TEST(BlockRules, AUsedDiskHidesItsPartitions) {
  Facts facts{whole("sda"), part("sda", 1)};
  facts[0].mounted = true;
  EXPECT_EQ(told(facts), (std::vector<std::string>{"sda: it is mounted", "sda1: it is mounted"}));
}

TEST(BlockRules, ALoopDeviceOverADiskHoldsIt) {
  BlockFacts loop = looped("/dev/sdb1");
  EXPECT_EQ(told({loop, whole("sdb"), part("sdb", 1), part("sdb", 2)}),
            (std::vector<std::string>{"loop0", "sdb: one of its partitions is in use",
                                      "sdb1: another block device is built on it", "sdb2"}));
}

TEST(BlockRules, WhatStandsOnAnAttachedDeviceIsHidden) {
  BlockFacts upper = mapped("crypt");
  upper.slaves = {"sda1"};
  BlockFacts top = whole("dm-1");
  top.dm_name = "vg-data";
  top.slaves = {"dm-0", "dm-1"};  // a circle that sysfs never has
  const Facts facts{upper, top, whole("sda"), part("sda", 1)};
  const auto lines = told(facts, {"sda"});
  EXPECT_EQ(lines[0], "dm-0: what it is built on is attached");
  EXPECT_EQ(lines[1], "dm-1: what it is built on is attached");
  EXPECT_EQ(told(facts)[1], "dm-1");
}

TEST(BlockRules, OverlappingPartitionsAreHidden) {
  Facts facts{whole("sda"), part("sda", 1), part("sda", 2), part("sda", 3)};
  facts[2].start = facts[1].start + facts[1].size - 512;
  facts[2].size = 512;
  const std::string why = ": another partition covers a part of it";
  EXPECT_EQ(told(facts), (std::vector<std::string>{"sda", "sda1" + why, "sda2" + why, "sda3"}));
  facts[2].start += 512;  // side by side
  EXPECT_EQ(told(facts), (std::vector<std::string>{"sda", "sda1", "sda2", "sda3"}));
}

TEST(BlockRules, DescribeEveryReason) {
  std::set<std::string> texts;
  for (int i = 0; i <= static_cast<int>(Hidden::built_on_attached); ++i)
    texts.insert(describe(static_cast<Hidden>(i)));
  EXPECT_EQ(texts.size(), static_cast<std::size_t>(Hidden::built_on_attached) + 1);
  EXPECT_FALSE(texts.contains("unknown reason"));
}

TEST(BlockUse, ReadsMountinfo) {
  const BlockUse use = parse_mountinfo(
      "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
      "23 22 0:44 / /mnt/a\\040- rw shared:2 master:3 - btrfs /dev/sdb2 rw\n"
      "24 22 0:45 / /mnt/b rw - ext4 /dev/mapper/vg-x rw\n"
      "25 22 0:46 / /proc rw - proc proc rw\n"
      "junk\n26 22 8:x / / rw - ext4\n27 22\n");
  EXPECT_TRUE(in_use(use, "sda1", "", {8, 1}));
  EXPECT_TRUE(in_use(use, "other", "", {8, 1}));
  EXPECT_TRUE(in_use(use, "sdb2", "", {8, 18}));
  EXPECT_TRUE(in_use(use, "dm-3", "vg-x", {253, 3}));
  EXPECT_FALSE(in_use(use, "sda", "", {8, 0}));
  EXPECT_FALSE(in_use(use, "dm-3", "", {253, 3}));
  EXPECT_EQ(use.names, (std::set<std::string>{"sda1", "sdb2", "mapper/vg-x"}));
  EXPECT_EQ(use.numbers.size(), 4U);
}

TEST(BlockUse, ReadsSwaps) {
  const BlockUse use = parse_swaps(
      "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
      "/dev/sda2                               partition\t524284\t\t0\t\t-2\n"
      "/swap.img                               file\t\t524284\t\t0\t\t-3\n"
      "/dev/cciss/c0d0p2                       partition\t1\t0\t-4\n");
  EXPECT_TRUE(in_use(use, "sda2", "", {8, 2}));
  EXPECT_TRUE(in_use(use, "cciss!c0d0p2", "", {104, 2}));
  EXPECT_EQ(use.names.size(), 2U);
  EXPECT_TRUE(parse_swaps("").names.empty());
}

}  // namespace
}  // namespace sysusb
