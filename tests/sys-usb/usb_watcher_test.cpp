// SPDX-License-Identifier: GPL-2.0-or-later
// Device records from a made-up sysfs, and the watcher on this machine's own.
#include "sys-usb/io/usb_watcher.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/hash/digest.hpp"
#include "sys-usb/io/usb_sysfs.hpp"

namespace sysusb {
namespace {

namespace fs = std::filesystem;

class UsbSysfs : public testing::Test {
 protected:
  using Attributes = std::map<std::string, std::string>;

  void SetUp() override {
    sysfs_ = fs::temp_directory_path() / ("sallyport-sysfs-test-" + std::to_string(::getpid()));
    fs::remove_all(sysfs_);
    fs::create_directories(sysfs_ / "bus/usb/devices");
  }
  void TearDown() override { fs::remove_all(sysfs_); }
  fs::path plug(const std::string& controller, const std::string& name, const Attributes& extra) {
    const fs::path folder = sysfs_ / "devices" / controller / name;
    Attributes all{{"busnum", "2"},         {"devnum", "17"},      {"idVendor", "0951"},
                   {"idProduct", "1666"},   {"bcdDevice", "0110"}, {"bDeviceClass", "00"},
                   {"version", " 3.20"},    {"speed", "5000"},     {"bConfigurationValue", "1"},
                   {"bNumInterfaces", " 1"}};
    for (const auto& [key, value] : extra) all[key] = value;
    write(folder, all);
    fs::create_directory_symlink(folder, sysfs_ / "bus/usb/devices" / name);
    return folder;
  }
  static void write(const fs::path& folder, const Attributes& attributes) {
    fs::create_directories(folder);
    for (const auto& [key, value] : attributes) std::ofstream(folder / key) << value << '\n';
  }
  static void interface(const fs::path& device, const std::string& name, const std::string& a,
                        const std::string& b, const std::string& c) {
    write(device / name,
          {{"bInterfaceClass", a}, {"bInterfaceSubClass", b}, {"bInterfaceProtocol", c}});
  }
  fs::path sysfs_;
};

TEST_F(UsbSysfs, BecomesARecord) {
  const auto folder =
      plug("pci0000:00/usb2", "2-1.4",
           {{"manufacturer", "Kingston"}, {"product", "DT 3.0"}, {"serial", "60A4"}});
  interface(folder, "2-1.4:1.0", "08", "06", "50");
  const auto seen = read_device(sysfs_, "2-1.4");
  ASSERT_TRUE(seen.has_value());
  EXPECT_TRUE(seen->complete);
  const DeviceRecord expected{.port_id = "2-1.4",
                              .bus = 2,
                              .device = 17,
                              .speed = Speed::super,
                              .vendor_id = 0x0951,
                              .product_id = 0x1666,
                              .device_version = 0x0110,
                              .usb_version = 0x0320,
                              .manufacturer = "Kingston",
                              .product = "DT 3.0",
                              .serial = "60A4",
                              .interfaces = {{0x08, 0x06, 0x50}}};
  EXPECT_EQ(seen->record, expected);
}

// The hash is sha256sum's of "DT 3.0" "0951" "1666" "60A4" and the descriptors.
TEST_F(UsbSysfs, TellsWhatTheDescriptorsDescribe) {
  using namespace std::string_literals;
  const auto folder = plug("pci0000:00/usb2", "2-1", {{"product", "DT 3.0"}, {"serial", "60A4"}});
  interface(folder, "2-1:1.0", "08", "06", "50");
  const std::string descriptors =
      "\x12\x01\x00\x02\0\0\0\x40\x51\x09\x66\x16\x00\x01\x01\x02\x03\x01"
      "\x09\x02\x1b\0\x01\x01\x00\x80\x32"
      "\x09\x04\0\0\0\x08\x06\x50\0\x09\x04\0\x01\0\x08\x06\x62\0"s;
  std::ofstream(folder / "descriptors", std::ios::binary) << descriptors;
  const DeviceRecord record = read_device(sysfs_, "2-1")->record;
  EXPECT_EQ(record.described, (std::vector<Interface>{{8, 6, 0x50}, {8, 6, 0x62}}));
  EXPECT_EQ(base::hash::to_hex(base::wire::as_bytes(record.usbguard_hash)),
            "f8fc2fd9a50167440bd12a0b96db061094170731a282ec70c11108f68bddeb02");
  EXPECT_EQ(record.descriptors_hash.size(), descriptors_hash_size);
  std::ofstream(folder / "descriptors", std::ios::binary) << descriptors.substr(0, 40);
  const DeviceRecord broken = read_device(sysfs_, "2-1")->record;
  EXPECT_TRUE(broken.described.empty());
  EXPECT_NE(broken.usbguard_hash, record.usbguard_hash);
}

TEST_F(UsbSysfs, ListsOnlyWhatMayBeLent) {
  plug("pci0000:00/usb2", "2-2", {});
  plug("pci0000:00/usb2", "2-1", {});
  plug("pci0000:00/usb2", "2-3", {{"bDeviceClass", "09"}});
  plug("pci0000:00", "usb2", {{"bDeviceClass", "09"}});
  plug("platform/vhci_hcd.0/usb3", "3-1", {});
  plug("pci0000:00/usb2/2-1", "2-1:1.0", {});
  EXPECT_EQ(list_ports(sysfs_), (std::vector<std::string>{"2-1", "2-2"}));
  EXPECT_FALSE(read_device(sysfs_, "2-3").has_value());
  EXPECT_FALSE(read_device(sysfs_, "3-1").has_value());
  EXPECT_FALSE(read_device(sysfs_, "../2-1").has_value());
  EXPECT_FALSE(read_device(sysfs_, "9-9").has_value());
}

TEST_F(UsbSysfs, WithoutAnAddressItIsInAReset) {
  const auto folder = plug("pci0000:00/usb2", "2-1", {});
  EXPECT_FALSE(read_device(sysfs_, "2-1")->in_reset);
  std::ofstream(folder / "devnum") << "0\n";
  EXPECT_TRUE(read_device(sysfs_, "2-1")->in_reset);
}

TEST_F(UsbSysfs, IsIncompleteUntilEveryInterfaceIsThere) {
  const auto folder = plug("pci0000:00/usb2", "2-1", {{"bNumInterfaces", " 2"}});
  interface(folder, "2-1:1.0", "03", "01", "01");
  EXPECT_FALSE(read_device(sysfs_, "2-1")->complete);
  interface(folder, "2-1:1.3", "08", "06", "50");
  const auto seen = read_device(sysfs_, "2-1");
  EXPECT_TRUE(seen->complete);
  EXPECT_EQ(seen->record.interfaces, (std::vector<Interface>{{3, 1, 1}, {8, 6, 0x50}}));
}

TEST_F(UsbSysfs, WithoutAConfigurationIsIncomplete) {
  plug("pci0000:00/usb2", "2-1", {{"bConfigurationValue", ""}, {"bNumInterfaces", ""}});
  const auto seen = read_device(sysfs_, "2-1");
  ASSERT_TRUE(seen.has_value());
  EXPECT_FALSE(seen->complete);
  EXPECT_TRUE(seen->record.interfaces.empty());
}

TEST_F(UsbSysfs, CutsLongTexts) {
  plug("pci0000:00/usb2", "2-1", {{"product", std::string(400, 'p')}});
  EXPECT_EQ(read_device(sysfs_, "2-1")->record.product, std::string(255, 'p'));
}

TEST_F(UsbSysfs, KnowsTheSpeeds) {
  const auto folder = plug("pci0000:00/usb2", "2-1", {});
  const std::map<std::string, Speed> speeds{{"1.5", Speed::low},     {"12", Speed::full},
                                            {"480", Speed::high},    {"5000", Speed::super},
                                            {"20000", Speed::super}, {"unknown", Speed::unknown}};
  for (const auto& [text, speed] : speeds) {
    write(folder, {{"speed", text}});
    EXPECT_EQ(read_device(sysfs_, "2-1")->record.speed, speed) << text;
  }
}

TEST_F(UsbSysfs, LeavesOutWhatHasNoNumbers) {
  plug("pci0000:00/usb2", "2-1", {{"devnum", "300"}});
  plug("pci0000:00/usb2", "2-2", {{"idVendor", ""}});
  EXPECT_FALSE(read_device(sysfs_, "2-1").has_value());
  EXPECT_FALSE(read_device(sysfs_, "2-2").has_value());
}

TEST_F(UsbSysfs, BoundsTheNumberOfDevices) {
  for (int i = 1; i <= 80; ++i) plug("pci0000:00/usb2", "2-" + std::to_string(i), {});
  EXPECT_EQ(list_ports(sysfs_).size(), max_devices);
}

// Which devices this machine has is its own affair; the first look must come to an end.
TEST(UsbWatcher, SaysWhenTheFirstLookIsComplete) {
  boost::asio::io_context io;
  int completed = 0;
  bool inside_start = true;
  UsbWatcher watcher(
      io, [&](const DeviceRecord& record) { EXPECT_TRUE(valid_port_id(record.port_id)); },
      [](const std::string&) {},
      [&] {
        EXPECT_FALSE(inside_start);
        ++completed;
        io.stop();
      });
  const auto started = watcher.start();
  ASSERT_TRUE(started.has_value()) << started.error().text;
  inside_start = false;
  io.run_for(std::chrono::seconds(10));
  EXPECT_EQ(completed, 1);
}

TEST(UsbWatcher, IsSilentAfterItsEnd) {
  boost::asio::io_context io;
  {
    UsbWatcher watcher(
        io, [](const DeviceRecord&) { FAIL(); }, [](const std::string&) { FAIL(); },
        [] { FAIL(); });
    ASSERT_TRUE(watcher.start().has_value());
  }
  io.run_for(std::chrono::seconds(1));
}

}  // namespace
}  // namespace sysusb
