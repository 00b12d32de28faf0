// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys-usb/described_interfaces.hpp"

#include <gtest/gtest.h>

namespace sysusb {
namespace {

using namespace std::string_literals;

std::string device_descriptor() {
  return "\x12\x01\x00\x02\0\0\0\x40\x51\x09\x66\x16\x00\x01\x01\x02\x03\x02"s;
}

std::string interface_descriptor(unsigned number, unsigned alternate, const Interface& kind) {
  std::string bytes = "\x09\x04"s;
  for (const unsigned value : {number, alternate, 0U, unsigned{kind.interface_class},
                               unsigned{kind.subclass}, unsigned{kind.protocol}, 0U}) {
    bytes += static_cast<char>(value);
  }
  return bytes;
}

std::string configuration(const std::string& inside) {
  const std::size_t total = 9 + inside.size();
  std::string bytes = "\x09\x02"s;
  bytes += static_cast<char>(total & 0xffU);
  bytes += static_cast<char>(total >> 8U);
  return bytes + "\x01\x01\x00\x80\x32"s + inside;
}

std::optional<std::vector<Interface>> described(const std::string& bytes) {
  return described_interfaces(base::wire::as_bytes(bytes));
}

constexpr Interface bulk_only{8, 6, 0x50};
constexpr Interface uas{8, 6, 0x62};
constexpr Interface keyboard{3, 1, 1};

TEST(DescribedInterfaces, AreThoseOfAllConfigurationsAndAlternateSettings) {
  const std::string endpoint = "\x07\x05\x81\x02\x00\x02\x00"s;
  const std::string bytes =
      device_descriptor() +
      configuration(interface_descriptor(0, 0, bulk_only) + endpoint +
                    interface_descriptor(0, 1, uas) + endpoint) +
      configuration(interface_descriptor(0, 0, keyboard) + "\x09\x21\x11\x01\x00\x01\x22\x3f\x00"s +
                    interface_descriptor(1, 0, keyboard));
  EXPECT_EQ(described(bytes), (std::vector<Interface>{bulk_only, uas, keyboard, keyboard}));
  EXPECT_EQ(described(device_descriptor()), std::vector<Interface>{});
}

TEST(DescribedInterfaces, OfEveryShorterInputAreTheWholeConfigurationsOrNothing) {
  const std::string first = device_descriptor() + configuration(interface_descriptor(0, 0, uas));
  const std::string whole = first + configuration(interface_descriptor(0, 0, keyboard));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const bool ends = size == device_descriptor().size() || size == first.size();
    EXPECT_EQ(described(whole.substr(0, size)).has_value(), ends) << size;
  }
}

TEST(DescribedInterfaces, OfWhatIsMalformedAreNone) {
  const std::string one = interface_descriptor(0, 0, uas);
  const std::string device = device_descriptor();
  std::string many;
  for (std::size_t i = 0; i < max_described; ++i) many += one;
  EXPECT_EQ(described(device + configuration(many))->size(), max_described);
  EXPECT_FALSE(described(device + configuration(many + one)));
  EXPECT_FALSE(described(device + one)) << "outside a configuration";
  EXPECT_FALSE(described(device + configuration(device))) << "a device inside of one";
  EXPECT_FALSE(described(device + configuration(configuration(one)))) << "one inside another";
  EXPECT_FALSE(described(device + configuration("\0\0"s))) << "a length of nothing";
  EXPECT_FALSE(described(device + configuration("\x01"s))) << "half a header";
  EXPECT_FALSE(described(device + configuration("\x08\x04\0\0\0\x08\x06\x50"s))) << "too short";
  EXPECT_FALSE(described(device + configuration("\x0a\x04\0\0\0\x08\x06\x50\0"s))) << "too long";
  EXPECT_FALSE(described("\x11" + device.substr(1)));
  std::string small = configuration(one);
  small[2] = 8;
  EXPECT_FALSE(described(device + small)) << "a total length below its own";
}

}  // namespace
}  // namespace sysusb
