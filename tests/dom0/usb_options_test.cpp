// SPDX-License-Identifier: GPL-2.0-or-later
// What may be asked for with a USB device, and what becomes of it under a rule.
#include "dom0/usb_options.hpp"

#include <gtest/gtest.h>

#include "tests/dom0/block_devices.hpp"

namespace dom0 {
namespace {

using base::device::Properties;
using policy::DeviceTerms;

DeviceTerms terms(std::initializer_list<std::pair<const char*, const char*>> words) {
  DeviceTerms terms;
  for (const auto& [key, value] : words) {
    EXPECT_TRUE(terms.set(key, value)) << key;
  }
  return terms;
}

const Device usb_device{sysusb::DeviceRecord{}};

std::string settled(const Properties& asked, const DeviceTerms& under,
                    Consent consent = Consent::of_rule_alone, const Device& device = usb_device) {
  const auto options = under_terms(asked, device, under, "30.policy:1", consent);
  return options ? usb_words(*options) : options.error().text;
}

TEST(UsbOptions, AreThoseFive) {
  EXPECT_EQ(*check_usb_options({{"read-only", "True"}, {"interfaces", "0,u08****,usb_storage"}}),
            (Properties{{"read-only", "yes"}, {"interfaces", "0,u08****,USB_Storage"}}));
  EXPECT_EQ(*check_usb_options({{"read-only", "no"}}), Properties{});
  EXPECT_EQ(*check_usb_options({{"vendor-requests", "on"}, {"firmware", "1"}}),
            (Properties{{"vendor-requests", "yes"}, {"firmware", "yes"}}));
  const auto error = [](const Properties& given) {
    const auto options = check_usb_options(given);
    return options ? "" : options.error().text;
  };
  EXPECT_NE(error({{"frontend-dev", "xvdi"}}).find("Unsupported option frontend-dev"),
            std::string::npos);
  EXPECT_EQ(error({{"read-only", "perhaps"}}), "Invalid read-only option value: perhaps");
  EXPECT_EQ(error({{"firmware", ""}}), "Invalid firmware option value: ");
  EXPECT_NE(error({{"interfaces", "stick"}}).find("'stick'"), std::string::npos);
  EXPECT_NE(error({{"interfaces", ""}}), "");
  EXPECT_NE(error({{"interfaces", "16"}}), "");
  EXPECT_EQ(error({{"read-only", "yes"}, {"firmware", "yes"}}),
            "read-only=yes and firmware=yes exclude each other");
}

TEST(UsbOptions, GoToTheBackendAsWords) {
  EXPECT_EQ(usb_words({}), "");
  EXPECT_EQ(usb_words({{"read-only", "yes"}, {"interfaces", "0,2"}}),
            "read-only=yes interfaces=0,2");
  // With the longest lists there still is room in a message.
  const std::string longest(base::device::InterfaceChoice::max_text, 'x');
  EXPECT_LE(usb_words({{"read-only", "yes"},
                       {"interfaces", longest},
                       {"vendor-requests", "yes"},
                       {"firmware", "yes"},
                       {"auto-typing", "yes"}})
                .size(),
            255U);
}

TEST(UsbOptions, AreShownToPeople) {
  EXPECT_EQ(access_text({}), "");
  EXPECT_EQ(access_text({{"read-only", "no"}, {"frontend-dev", "xvdi"}}), "read and write");
  EXPECT_EQ(access_text({{"read-only", "yes"}, {"interfaces", "0"}}),
            "read only; only interfaces 0");
  EXPECT_EQ(access_text({{"vendor-requests", "yes"}, {"firmware", "yes"}}),
            "vendor requests allowed; its firmware may be written");
  EXPECT_EQ(access_text({{"auto-typing", "yes"}}), "it may type by itself");
}

TEST(UsbOptions, ARuleMayForceReadOnly) {
  const DeviceTerms reads = terms({{"read-only", "yes"}});
  EXPECT_EQ(settled({}, reads), "read-only=yes");
  EXPECT_EQ(settled({{"read-only", "yes"}}, reads), "read-only=yes");
  EXPECT_NE(settled({{"firmware", "yes"}}, reads, Consent::of_person).find("exclude"),
            std::string::npos);
  const Device disk{test::disk()};
  EXPECT_EQ(
      settled({{"read-only", "no"}, {"frontend-dev", "xvdi"}}, reads, Consent::of_rule_alone, disk),
      "read-only=yes frontend-dev=xvdi");
  EXPECT_NE(settled({{"read-only", "no"}, {"commit", "yes"}}, reads, Consent::of_person, disk)
                .find("commit=yes"),
            std::string::npos);
}

TEST(UsbOptions, ARuleMayNarrowInterfaces) {
  const DeviceTerms storage = terms({{"interfaces", "u08****,3"}});
  EXPECT_EQ(settled({}, storage), "interfaces=u08****,3");
  EXPECT_EQ(settled({{"interfaces", "u080650"}}, storage), "interfaces=u080650");
  EXPECT_EQ(settled({{"interfaces", "3"}}, storage), "interfaces=3");
  for (const char* wider : {"0", "u0*****", "3,u03****", "USB_Storage"}) {
    EXPECT_NE(settled({{"interfaces", wider}}, storage).find("gives only"), std::string::npos)
        << wider;
  }
}

// What loosens is said by a rule, or by a person who was asked.
TEST(UsbOptions, LooseningNeedsConsent) {
  for (const char* key : {"vendor-requests", "firmware", "auto-typing"}) {
    const std::string yes = std::string(key) + "=yes";
    EXPECT_NE(settled({{key, "yes"}}, {}).find("needs a rule that says so"), std::string::npos);
    EXPECT_EQ(settled({{key, "yes"}}, {}, Consent::of_person), yes);
    EXPECT_EQ(settled({{key, "yes"}}, terms({{key, "yes"}})), yes);
    EXPECT_EQ(settled({}, terms({{key, "yes"}})), yes);
    EXPECT_NE(settled({{key, "yes"}}, terms({{key, "no"}}), Consent::of_person).find("forbids"),
              std::string::npos);
    // Somebody who does not want it does not get it, nor who only reads.
    EXPECT_EQ(settled({{key, "no"}}, terms({{key, "yes"}})).find("yes"), std::string::npos);
    EXPECT_EQ(settled({{"read-only", "yes"}}, terms({{key, "yes"}})), "read-only=yes");
  }
  EXPECT_EQ(settled({}, {}), "");
  EXPECT_EQ(settled({}, terms({{"vendor-requests", "no"}})), "vendor-requests=no");
  EXPECT_EQ(settled({}, terms({{"firmware", "no"}, {"auto-typing", "no"}})), "");
}

}  // namespace
}  // namespace dom0
