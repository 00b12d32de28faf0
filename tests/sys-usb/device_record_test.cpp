// SPDX-License-Identifier: GPL-2.0-or-later
// The device record's bytes, its bounds, and every way in which a record is refused.
#include "sys-usb/device_record.hpp"

#include <gtest/gtest.h>

namespace sysusb {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

DeviceRecord stick() {
  return DeviceRecord{.port_id = "2-1.4",
                      .bus = 2,
                      .device = 7,
                      .speed = Speed::super,
                      .vendor_id = 0x0951,
                      .product_id = 0x1666,
                      .device_version = 0x0110,
                      .usb_version = 0x0320,
                      .manufacturer = "Kingston",
                      .product = "DT\x1b[31m",
                      .serial = "",
                      .interfaces = {{8, 6, 80}, {3, 1, 1}},
                      .descriptors_hash = "0123456789abcdef0123456789ABCDEF"};
}

constexpr std::string_view stick_bytes =
    "u\x05"
    "2-1.4\x02\x07\x03\x51\x09\x66\x16\x10\x01\x20\x03"
    "\x08Kingston"
    "\x07"
    "DT\x1b[31m"
    "\0"
    "\x02\x08\x06\x50\x03\x01\x01"
    "\x20"
    "0123456789abcdef0123456789ABCDEF"sv;

RecordError error_of(base::wire::Bytes wire) {
  const auto parsed = parse_record(wire);
  if (parsed) ADD_FAILURE() << "a bad record was accepted";
  return parsed ? RecordError::truncated : parsed.error();
}

TEST(DeviceRecord, HasTheBytesOfTheProtocolPage) {
  EXPECT_EQ(base::wire::as_text(encode_record(stick())), stick_bytes);
}

TEST(DeviceRecord, SurvivesTheWire) {
  const auto back = parse_record(base::wire::as_bytes(stick_bytes));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(*back, stick());
}

TEST(DeviceRecord, RejectsEveryShorterInput) {
  for (std::size_t size = 0; size < stick_bytes.size(); ++size) {
    EXPECT_EQ(error_of(base::wire::as_bytes(stick_bytes.substr(0, size))), RecordError::truncated)
        << size;
  }
}

TEST(DeviceRecord, MaySayWhatIsDescribedAndUsbguardsHash) {
  DeviceRecord record = stick();
  record.described = {{8, 6, 80}, {8, 6, 98}, {3, 1, 1}};
  record.usbguard_hash = "FEDCBA9876543210fedcba9876543210";
  const std::string wire = std::string(stick_bytes) +
                           "\x03\x08\x06\x50\x08\x06\x62\x03\x01\x01"
                           "\x20"
                           "FEDCBA9876543210fedcba9876543210";
  EXPECT_EQ(base::wire::as_text(encode_record(record)), wire);
  const auto back = parse_record(base::wire::as_bytes(wire));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(*back, record);
  // Without either it is the record that it was before there were any.
  for (std::size_t size = stick_bytes.size() + 1; size < wire.size(); ++size) {
    EXPECT_EQ(error_of(base::wire::as_bytes(wire.substr(0, size))), RecordError::truncated) << size;
  }
  EXPECT_EQ(error_of(base::wire::as_bytes(wire + "x")), RecordError::trailing_bytes);
}

TEST(DeviceRecord, RejectsTrailingBytes) {
  EXPECT_EQ(error_of(base::wire::as_bytes(std::string(stick_bytes) + "\0\0"s)),
            RecordError::trailing_bytes);
  EXPECT_EQ(error_of(base::wire::as_bytes(std::string(stick_bytes) + "\1"s)),
            RecordError::truncated);
}

TEST(DeviceRecord, RejectsAnotherClass) {
  std::string wire(stick_bytes);
  wire[0] = 'b';
  EXPECT_EQ(error_of(base::wire::as_bytes(wire)), RecordError::unknown_class);
}

TEST(DeviceRecord, RejectsSpeedsThatDoNotExist) {
  std::string wire(stick_bytes);
  for (int speed = 0; speed < 256; ++speed) {
    wire[9] = static_cast<char>(speed);
    const bool exists = speed <= 3 || speed == 255;
    EXPECT_EQ(parse_record(base::wire::as_bytes(wire)).has_value(), exists) << speed;
  }
}

TEST(DeviceRecord, RejectsPortIdsThatAreNoSysfsName) {
  DeviceRecord record = stick();
  record.port_id = "../2-1";
  EXPECT_EQ(error_of(encode_record(record)), RecordError::bad_port_id);
}

TEST(DeviceRecord, HoldsItsBounds) {
  DeviceRecord record = stick();
  record.manufacturer.assign(300, 'm');
  record.product.assign(255, 'p');
  record.interfaces.assign(40, Interface{1, 2, 3});
  const auto back = parse_record(encode_record(record));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->manufacturer, std::string(255, 'm'));
  EXPECT_EQ(back->product, record.product);
  EXPECT_EQ(back->interfaces.size(), max_interfaces);
  record.described.assign(300, Interface{1, 2, 3});
  EXPECT_EQ(parse_record(encode_record(record))->described.size(), max_described);
}

TEST(DeviceRecord, RejectsMoreInterfacesThanTheBound) {
  DeviceRecord record = stick();
  record.interfaces.clear();
  record.descriptors_hash.clear();
  auto wire = encode_record(record);
  wire.pop_back();  // the hash's length
  wire.back() = std::byte{33};
  wire.resize(wire.size() + std::size_t{33} * 3);
  EXPECT_EQ(error_of(wire), RecordError::too_many_interfaces);
}

TEST(DeviceRecord, TakesNoHashOrAWholeOne) {
  for (std::size_t size = 0; size < 256; ++size) {
    DeviceRecord record = stick();
    record.descriptors_hash.assign(size, 'h');
    const auto back = parse_record(encode_record(record));
    EXPECT_EQ(back.has_value(), size == 0 || size == descriptors_hash_size) << size;
    if (back) continue;
    EXPECT_EQ(back.error(), RecordError::bad_descriptors_hash) << size;
  }
  for (std::size_t size = 0; size < 256; ++size) {
    DeviceRecord record = stick();
    record.usbguard_hash.assign(size, 'h');
    const auto back = parse_record(encode_record(record));
    EXPECT_EQ(back.has_value(), size == 0 || size == usbguard_hash_size) << size;
    if (back) continue;
    EXPECT_EQ(back.error(), RecordError::bad_usbguard_hash) << size;
  }
}

TEST(DeviceRecord, DescribesEveryError) {
  for (int i = 0; i <= static_cast<int>(RecordError::bad_usbguard_hash); ++i)
    EXPECT_NE(std::string_view(describe(static_cast<RecordError>(i))),
              "unknown device record error");
}

TEST(PortId, AcceptsSysfsNames) {
  for (const auto* text : {"1-1", "2-1.4", "1-1.4.0.1", "12-34", "0-0"})
    EXPECT_TRUE(valid_port_id(text)) << text;
  EXPECT_TRUE(valid_port_id("1-" + std::string(29, '1')));
}

TEST(PortId, RejectsEverythingElse) {
  for (const auto text :
       {""sv, "-"sv, "1"sv, "1-"sv, "-1"sv, "1-1."sv, "1-.1"sv, "1.1-1"sv, "1-1-1"sv, "1-1..1"sv,
        "usb1"sv, "1-1:1.0"sv, " 1-1"sv, "1-1\n"sv, "1-1\0"sv, "1-a"sv, "../1-1"sv, "1_1"sv})
    EXPECT_FALSE(valid_port_id(text)) << text;
  EXPECT_FALSE(valid_port_id("1-" + std::string(30, '1')));
}

}  // namespace
}  // namespace sysusb
