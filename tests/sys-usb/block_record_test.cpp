// SPDX-License-Identifier: GPL-2.0-or-later
// The block record's bytes, its bounds, and every way in which a record is refused.
#include "sys-usb/block_record.hpp"

#include <gtest/gtest.h>

#include "sys-usb/inventory_record.hpp"

namespace sysusb {
namespace {

using namespace std::string_view_literals;

// reference: the worked example of a stick with one FAT partition labelled KEY.
BlockRecord key() {
  return BlockRecord{.port_id = "sda1",
                     .kind = BlockKind::partition,
                     .mode = BlockMode::read_only,
                     .medium = Medium::removable,
                     .size = 0x0000'000e'7400'0000,
                     .sector_size = 512,
                     .physical_sector_size = 4096,
                     .parent = "sda",
                     .partition = 1,
                     .usb_interface = "2-1.4:1.0",
                     .model = "DataTraveler_3.0",
                     .label = "K\x1b[31m",
                     .serial = "60A44C",
                     .backing = ""};
}

constexpr std::string_view key_bytes =
    "b\x04sda1\x01\x01\x01"
    "\0\0\0\x74\x0e\0\0\0"
    "\0\x02\0\0"
    "\0\x10\0\0"
    "\x03sda"
    "\x01\0"
    "\x09"
    "2-1.4:1.0"
    "\x10"
    "DataTraveler_3.0"
    "\x06K\x1b[31m"
    "\x06"
    "60A44C"
    "\0"sv;

BlockRecordError block_error_of(base::wire::Bytes wire) {
  const auto parsed = parse_block_record(wire);
  if (parsed) ADD_FAILURE() << "a bad record was accepted";
  return parsed ? BlockRecordError::truncated : parsed.error();
}

BlockRecord disk() {
  BlockRecord record = key();
  record.port_id = "sda";
  record.kind = BlockKind::disk;
  record.parent.clear();
  record.partition = 0;
  return record;
}

TEST(BlockRecord, HasTheBytesOfTheProtocolPage) {
  EXPECT_EQ(base::wire::as_text(encode_block_record(key())), key_bytes);
}

TEST(BlockRecord, SurvivesTheWire) {
  const auto back = parse_block_record(base::wire::as_bytes(key_bytes));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(*back, key());
  const auto whole = parse_block_record(encode_block_record(disk()));
  ASSERT_TRUE(whole.has_value());
  EXPECT_EQ(*whole, disk());
}

TEST(BlockRecord, RejectsEveryShorterInput) {
  for (std::size_t size = 0; size < key_bytes.size(); ++size) {
    EXPECT_EQ(block_error_of(base::wire::as_bytes(key_bytes.substr(0, size))),
              BlockRecordError::truncated)
        << size;
  }
}

TEST(BlockRecord, RejectsTrailingBytes) {
  EXPECT_EQ(block_error_of(base::wire::as_bytes(std::string(key_bytes) + "x")),
            BlockRecordError::trailing_bytes);
}

TEST(BlockRecord, RejectsAnotherClass) {
  std::string wire(key_bytes);
  wire[0] = 'u';
  EXPECT_EQ(block_error_of(base::wire::as_bytes(wire)), BlockRecordError::unknown_class);
}

TEST(BlockRecord, RejectsEveryByteThatIsNoKindModeOrMedium) {
  for (int value = 0; value < 256; ++value) {
    std::string wire(key_bytes);
    wire[6] = static_cast<char>(value);
    EXPECT_EQ(parse_block_record(base::wire::as_bytes(wire)).has_value(), value == 1) << value;
    if (value > 4) {
      EXPECT_EQ(block_error_of(base::wire::as_bytes(wire)), BlockRecordError::bad_kind) << value;
    }
    for (const std::size_t at : {7U, 8U}) {
      wire = key_bytes;
      wire[at] = static_cast<char>(value);
      EXPECT_EQ(parse_block_record(base::wire::as_bytes(wire)).has_value(), value < 2) << value;
    }
  }
}

TEST(BlockRecord, RejectsSizesThatNoDeviceHas) {
  BlockRecord record = key();
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1} << 63U, ~std::uint64_t{0}}) {
    record.size = size;
    EXPECT_EQ(block_error_of(encode_block_record(record)), BlockRecordError::bad_size) << size;
  }
  record.size = max_block_size;
  EXPECT_TRUE(parse_block_record(encode_block_record(record)).has_value());
}

TEST(BlockRecord, RejectsSectorSizesThatDoNotExist) {
  const std::pair<std::uint32_t, std::uint32_t> bad[] = {
      {0, 512},         {512, 0},         {256, 512},  {513, 1024}, {4096, 512},
      {131072, 131072}, {512, 1U << 29U}, {512, 5000}, {~0U, ~0U},  {512, ~0U}};
  for (const auto& [logical, physical] : bad) {
    BlockRecord record = key();
    record.sector_size = logical;
    record.physical_sector_size = physical;
    EXPECT_EQ(block_error_of(encode_block_record(record)), BlockRecordError::bad_sector_size)
        << logical << ' ' << physical;
  }
  BlockRecord record = key();
  record.sector_size = 65536;
  record.physical_sector_size = 1U << 28U;
  EXPECT_TRUE(parse_block_record(encode_block_record(record)).has_value());
}

TEST(BlockRecord, OnlyPartitionsHaveADiskAndANumber) {
  BlockRecord record = key();
  record.parent.clear();
  EXPECT_EQ(block_error_of(encode_block_record(record)), BlockRecordError::bad_parent);
  record = key();
  record.partition = 0;
  EXPECT_EQ(block_error_of(encode_block_record(record)), BlockRecordError::bad_parent);
  record = key();
  record.parent = record.port_id;
  EXPECT_EQ(block_error_of(encode_block_record(record)), BlockRecordError::bad_parent);
  record = key();
  record.parent = "../sda";
  EXPECT_EQ(block_error_of(encode_block_record(record)), BlockRecordError::bad_parent);
  record = disk();
  record.partition = 1;
  EXPECT_EQ(block_error_of(encode_block_record(record)), BlockRecordError::bad_parent);
  record = disk();
  record.parent = "sdb";
  EXPECT_EQ(block_error_of(encode_block_record(record)), BlockRecordError::bad_parent);
}

TEST(BlockRecord, RejectsNamesThatAreNone) {
  BlockRecord record = key();
  record.port_id = "2-1";
  EXPECT_EQ(block_error_of(encode_block_record(record)), BlockRecordError::bad_port_id);
  record = key();
  record.usb_interface = "2-1";
  EXPECT_EQ(block_error_of(encode_block_record(record)), BlockRecordError::bad_usb_interface);
}

TEST(BlockRecord, CutsLongTexts) {
  BlockRecord record = key();
  record.model.assign(300, 'm');
  record.backing.assign(255, 'b');
  const auto back = parse_block_record(encode_block_record(record));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->model, std::string(255, 'm'));
  EXPECT_EQ(back->backing, record.backing);
}

TEST(BlockRecord, DescribesEveryError) {
  for (int i = 0; i <= static_cast<int>(BlockRecordError::bad_usb_interface); ++i)
    EXPECT_NE(std::string_view(describe(static_cast<BlockRecordError>(i))),
              "unknown block record error");
}

TEST(BlockId, AcceptsNamesOfBlockDevices) {
  for (const auto* text : {"sda", "sda1", "dm-0", "nvme0n1p1", "mmcblk0p1", "cciss-c0d0", "sr0"})
    EXPECT_TRUE(valid_block_id(text)) << text;
  EXPECT_TRUE(valid_block_id("s" + std::string(30, '1')));
}

TEST(BlockId, RejectsEverythingElse) {
  for (const auto text : {""sv, "1"sv, "-"sv, "2-1"sv, "SDA"sv, "sda/1"sv, "sda!1"sv, "sd_a"sv,
                          "../sda"sv, "sda\n"sv, "sda\0"sv, " sda"sv, "sd.a"sv})
    EXPECT_FALSE(valid_block_id(text)) << text;
  EXPECT_FALSE(valid_block_id("s" + std::string(31, '1')));
}

TEST(UsbInterface, IsThatOfSysfs) {
  for (const auto text : {"2-1:1.0"sv, "2-1.4:1.0"sv, "12-3.4:255.255"sv})
    EXPECT_TRUE(valid_usb_interface(text)) << text;
  for (const auto text : {""sv, ":"sv, "2-1"sv, "2-1:"sv, "2-1:1"sv, "2-1:1."sv, "2-1:.0"sv,
                          "2-1:1.0.0"sv, "2-1:1.0000"sv, "usb2:1.0"sv, "2-1:1.0\n"sv, "2-1:a.0"sv})
    EXPECT_FALSE(valid_usb_interface(text)) << text;
}

TEST(InventoryRecord, IsOfTheClassThatItsFirstByteSays) {
  const auto block = parse_inventory_record(base::wire::as_bytes(key_bytes));
  ASSERT_TRUE(block.has_value());
  EXPECT_EQ(*block, InventoryRecord{key()});
  EXPECT_EQ(port_id_of(*block), "sda1");
  EXPECT_EQ(base::wire::as_text(encode_inventory_record(*block)), key_bytes);
  DeviceRecord stick;
  stick.port_id = "2-1";
  const auto usb = parse_inventory_record(encode_inventory_record(stick));
  ASSERT_TRUE(usb.has_value());
  EXPECT_EQ(*usb, InventoryRecord{stick});
}

TEST(InventoryRecord, RefusesEveryOtherClass) {
  EXPECT_EQ(parse_inventory_record({}).error(), InventoryRecordError{RecordError::truncated});
  std::string wire(key_bytes);
  wire.resize(200);  // long enough for a USB device's fields
  wire[0] = 'x';
  const auto refused = parse_inventory_record(base::wire::as_bytes(wire));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error(), InventoryRecordError{RecordError::unknown_class});
  EXPECT_STREQ(describe(refused.error()), describe(RecordError::unknown_class));
  const auto cut = parse_inventory_record(base::wire::as_bytes("b"));
  EXPECT_EQ(cut.error(), InventoryRecordError{BlockRecordError::truncated});
}

}  // namespace
}  // namespace sysusb
