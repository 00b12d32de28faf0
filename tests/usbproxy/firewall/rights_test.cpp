// SPDX-License-Identifier: GPL-2.0-or-later
// What dom0's words mean, and which part of a device they give.
#include "usbproxy/firewall/rights.hpp"

#include <gtest/gtest.h>

#include "tests/usbproxy/firewall/golden.hpp"
#include "usbproxy/firewall/cached_descriptors.hpp"
#include "usbproxy/firewall/canonical.hpp"
#include "usbproxy/firewall/configuration_parser.hpp"

namespace usbproxy::firewall {
namespace {

using test::from_hex;

Device described(std::string_view configuration, Speed speed = Speed::high) {
  auto bytes = from_hex("12 01 00 02 00 00 00 40 51 09 66 16 00 01 00 00 00 01");
  const auto rest = from_hex(configuration);
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  auto device = parse_cached_descriptors(bytes, speed);
  EXPECT_TRUE(device) << device.error().text();
  return device ? std::move(*device) : Device{};
}

// "0 2", or why nothing is given.
std::string given(const Device& whole, std::string_view words) {
  const auto part = given_part(whole, *Rights::parse(words));
  if (!part) return part.error().text();
  std::string text;
  for (const DescribedInterface& one : part->configurations.front().interfaces) {
    text += (text.empty() ? "" : " ") + std::to_string(one.number);
  }
  // What is written of it is accepted again.
  for (const Configuration& one : part->configurations) {
    const auto bytes = write_configuration(one, Speed::high);
    const auto again = ConfigurationParser(0, Speed::high).parse(bytes);
    EXPECT_TRUE(again) << again.error().text();
  }
  return text;
}

// Storage 0, an association of CDC 1 and 2, a keyboard 3, a vendor's interface without endpoints 4.
Device composite() {
  return described(
      "09 02 84 00 05 01 00 80 32 "
      "09 04 00 00 02 08 06 50 00 07 05 81 02 00 02 00 07 05 02 02 00 02 00 "
      "08 0b 01 02 02 02 01 00 "
      "09 04 01 00 01 02 02 01 00 05 24 00 10 01 05 24 01 00 02 04 24 02 02 05 24 06 01 02 "
      "07 05 83 03 08 00 04 "
      "09 04 02 00 02 0a 00 00 00 07 05 84 02 00 02 00 07 05 05 02 00 02 00 "
      "09 04 03 00 01 03 01 01 00 09 21 11 01 00 01 22 3f 00 07 05 86 03 08 00 04 "
      "09 04 04 00 00 ff 00 00 00");
}

TEST(Rights, AreReadFromWords) {
  const auto usual = Rights::parse("");
  ASSERT_TRUE(usual);
  EXPECT_FALSE(usual->read_only());
  EXPECT_TRUE(usual->interfaces.is_every());
  EXPECT_EQ(usual->control.vendor, ControlRules::Vendor::with_interface);
  EXPECT_EQ(usual->control.firmware, ControlRules::Firmware::refuse);
  EXPECT_EQ(usual->typing, Rights::Typing::of_people);
  const auto all =
      Rights::parse("interfaces=0,u03****,Camera vendor-requests=yes firmware=yes auto-typing=yes");
  ASSERT_TRUE(all);
  EXPECT_EQ(all->interfaces.text(), "0,u03****,Camera");
  EXPECT_EQ(all->control.vendor, ControlRules::Vendor::allow);
  EXPECT_EQ(all->control.firmware, ControlRules::Firmware::allow);
  EXPECT_EQ(all->typing, Rights::Typing::of_any);
  EXPECT_EQ(Rights::parse("auto-typing=no")->typing, Rights::Typing::of_people);
  EXPECT_EQ(Rights::parse("vendor-requests=no")->control.vendor, ControlRules::Vendor::refuse);
  EXPECT_TRUE(Rights::parse("read-only=yes")->read_only());
  EXPECT_FALSE(Rights::parse("read-only=no")->read_only());
}

// What is not understood may have been a restriction.
TEST(Rights, AreNotGuessed) {
  for (const char* words :
       {"read-only", "read-only=", "read-only=Yes", "readonly=yes", "read-only=yes read-only=no",
        "interfaces=", "interfaces=16", "interfaces=0,", "interfaces=u08", "interfaces=-1",
        "firmware=1", "append-only=yes", "auto-typing=off", " read-only=yes",
        "read-only=yes  firmware=no", "read-only=yes firmware=yes",
        "vendor-requests=yes read-only=yes", "=yes"}) {
    EXPECT_FALSE(Rights::parse(words)) << words;
  }
}

TEST(Rights, ReadOnlyHasNoVendorRequests) {
  const ControlRules rules = Rights::parse("read-only=yes")->control_rules();
  EXPECT_EQ(rules.vendor, ControlRules::Vendor::refuse);
  EXPECT_EQ(rules.firmware, ControlRules::Firmware::refuse);
}

TEST(GivenPart, IsWhatWasChosen) {
  const Device whole = composite();
  EXPECT_EQ(given(whole, "interfaces=0"), "0");
  EXPECT_EQ(given(whole, "interfaces=USB_Storage"), "0");
  EXPECT_EQ(given(whole, "interfaces=u08****,Keyboard"), "0 3");
  EXPECT_EQ(given(whole, "interfaces=1,2"), "1 2");
  EXPECT_EQ(given(whole, "interfaces=u02****,u0a****,3"), "1 2 3");
  EXPECT_EQ(given(whole, "read-only=yes"), "0");
}

// The keyboard is an input device, but what is best said of it is "Keyboard".
TEST(GivenPart, CategoriesAreTheBestOnes) {
  EXPECT_NE(given(composite(), "interfaces=Input").find("chooses"), std::string::npos);
}

TEST(GivenPart, LeavesOutAnEmptyVendorsInterface) {
  const Device whole = composite();
  EXPECT_EQ(given(whole, ""), "0 1 2 3");
  EXPECT_EQ(given(whole, "vendor-requests=yes"), "0 1 2 3 4");
  EXPECT_EQ(given(whole, "vendor-requests=yes interfaces=4"), "4");
  EXPECT_NE(given(whole, "interfaces=4").find("chooses"), std::string::npos);
  const Device alone = described("09 02 12 00 01 01 00 80 32 09 04 00 00 00 ff 00 00 00");
  EXPECT_NE(given(alone, "").find("a vendor-specific interface without any endpoint"),
            std::string::npos);
  EXPECT_EQ(given(alone, "vendor-requests=yes"), "0");
}

TEST(GivenPart, HasNoLooseEnds) {
  const Device whole = composite();
  EXPECT_NE(given(whole, "interfaces=1").find("CDC control interface without a data interface"),
            std::string::npos);
  EXPECT_NE(given(whole, "interfaces=0,1").find("it names interface 2, which does not exist"),
            std::string::npos);
  EXPECT_EQ(given(whole, "interfaces=2"), "2");
}

TEST(GivenPart, KeepsAssociationsThatAreWhole) {
  const auto associations = [](std::string_view words) {
    return given_part(composite(), *Rights::parse(words))
        ->configurations.front()
        .associations.size();
  };
  EXPECT_EQ(associations("interfaces=1,2"), 1U);
  EXPECT_EQ(associations("interfaces=0,2"), 0U);
}

TEST(GivenPart, EverySettingMustBeChosen) {
  // HID in its first setting, storage in its second.
  const Device turncoat = described(
      "09 02 39 00 01 01 00 80 32 "
      "09 04 00 00 01 03 01 01 00 09 21 11 01 00 01 22 3f 00 07 05 81 03 08 00 04 "
      "09 04 00 01 02 08 06 50 00 07 05 82 02 00 02 00 07 05 02 02 00 02 00");
  EXPECT_NE(given(turncoat, "interfaces=Keyboard").find("chooses"), std::string::npos);
  EXPECT_NE(given(turncoat, "interfaces=USB_Storage").find("chooses"), std::string::npos);
  EXPECT_EQ(given(turncoat, "interfaces=USB_Storage,Keyboard"), "0");
  EXPECT_NE(given(turncoat, "read-only=yes").find("bulk-only"), std::string::npos);
}

TEST(GivenPart, LeavesOutConfigurationsThatHaveNothing) {
  auto bytes = from_hex(
      "12 01 00 02 00 00 00 40 51 09 66 16 00 01 00 00 00 02 "
      "09 02 20 00 01 01 00 80 32 09 04 00 00 02 ff 00 00 00 "
      "07 05 81 02 00 02 00 07 05 02 02 00 02 00 "
      "09 02 20 00 01 02 00 80 32 09 04 00 00 02 08 06 50 00 "
      "07 05 81 02 00 02 00 07 05 02 02 00 02 00");
  const auto whole = parse_cached_descriptors(bytes, Speed::high);
  ASSERT_TRUE(whole) << whole.error().text();
  const auto part = given_part(*whole, *Rights::parse("read-only=yes"));
  ASSERT_TRUE(part) << part.error().text();
  ASSERT_EQ(part->configurations.size(), 1U);
  EXPECT_EQ(part->configurations.front().value, 2);
  EXPECT_EQ(part->descriptor.configurations, 1);
}

TEST(BulkOnlyStorage, HasTwoBulkEndpointsAndScsi) {
  const auto kind = [](std::string_view interface_and_endpoints, const char* total) {
    const Device device = described(std::string("09 02 ") + total + " 00 01 01 00 80 32 " +
                                    std::string(interface_and_endpoints));
    return is_bulk_only_storage(
        device.configurations.front().interfaces.front().alternates.front());
  };
  const std::string in = "07 05 81 02 00 02 00 ";
  const std::string out = "07 05 02 02 00 02 00 ";
  EXPECT_TRUE(kind("09 04 00 00 02 08 06 50 00 " + in + out, "20"));
  EXPECT_TRUE(kind("09 04 00 00 02 08 02 50 00 " + out + in, "20"));
  EXPECT_FALSE(kind("09 04 00 00 02 08 06 62 00 " + in + out, "20"));
  EXPECT_FALSE(kind("09 04 00 00 02 08 06 01 00 " + in + out, "20"));
  EXPECT_FALSE(kind("09 04 00 00 02 08 04 50 00 " + in + out, "20"));
  EXPECT_FALSE(kind("09 04 00 00 02 08 06 50 00 " + in + "07 05 82 02 00 02 00", "20"));
  EXPECT_FALSE(kind("09 04 00 00 03 08 06 50 00 " + in + out + "07 05 03 02 00 02 00", "27"));
  EXPECT_FALSE(kind("09 04 00 00 02 08 06 50 00 " + in + "07 05 02 03 08 00 04", "20"));
}

TEST(CachedDescriptors, AreThoseOfAWholeDevice) {
  for (const test::Golden& one : test::golden_devices()) {
    auto bytes = one.device;
    for (const auto& each : one.configurations) bytes.insert(bytes.end(), each.begin(), each.end());
    const auto device = parse_cached_descriptors(bytes, one.speed);
    ASSERT_TRUE(device) << one.name << ": " << device.error().text();
    EXPECT_EQ(device->configurations.size(), one.configurations.size()) << one.name;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(parse_cached_descriptors(base::wire::Bytes(bytes).first(size), one.speed))
          << one.name << ' ' << size;
    }
  }
}

}  // namespace
}  // namespace usbproxy::firewall
