// SPDX-License-Identifier: GPL-2.0-or-later
// Policy for what is plugged in: exactly these devices, whatever they say of themselves.
#include "policy/usb_policy.hpp"

#include <gtest/gtest.h>

#include "policy/usbguard_parser.hpp"
#include "tests/policy/usb_decision.hpp"

namespace policy {
namespace {

DeviceFacts present_stick() {
  DeviceFacts stick = plain_stick();
  stick.described.push_back("u080662");
  return stick;
}

std::string generated(const std::vector<DeviceFacts>& devices, const UsbPolicy& settings) {
  const auto made = generate_usb_policy(devices, settings);
  EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().text);
  return made ? *made : std::string();
}

Decision::Kind decided(const std::string& policy, const DeviceFacts& device) {
  return decide_by(policy, device).kind;
}

TEST(UsbPolicy, NamesWhatIsThereAndWhatBecomesOfTheRest) {
  const std::string policy = generated({present_stick()}, {.target = "work"});
  EXPECT_EQ(policy.substr(policy.find("\n\n") + 2),
            "# sys-usb:2-1: Data Traveler\n"
            "qubes.USB * work sys-usb allow usb=id,0951:1666,serial,\"60A44C\","
            "name,\"Data\\x20Traveler\",hash,\"aGFzaA==\","
            "with-interface,equals-ordered{08:06:50,08:06:62}\n"
            "\n"
            "# All others.\n"
            "qubes.USB * work @anyvm deny\n");
}

TEST(UsbPolicy, WithoutATargetNobodyGetsAnythingUnasked) {
  const std::string policy = generated({present_stick()}, {});
  EXPECT_NE(policy.find("qubes.USB * @anyvm sys-usb ask usb=id,"), std::string::npos) << policy;
  EXPECT_NE(policy.find("qubes.USB * @anyvm @anyvm deny\n"), std::string::npos) << policy;
  EXPECT_EQ(policy.find(" allow"), std::string::npos);
}

TEST(UsbPolicy, AllowsExactlyTheDevice) {
  const std::string policy =
      generated({present_stick()}, {.target = "work", .rest = UsbPolicy::Rest::ask});
  EXPECT_EQ(decided(policy, present_stick()), Decision::Kind::allow);
  DeviceFacts moved = present_stick();
  moved.port_id = "3-7";
  EXPECT_EQ(decided(policy, moved), Decision::Kind::allow);
  std::vector<DeviceFacts> others(7, present_stick());
  others[0].serial += "x";
  others[1].name.clear();
  others[2].product_id = 1;
  others[3].described = {"u080662", "u080650"};
  others[4].described.emplace_back("u030101");
  others[5].described.clear();
  others[6].usbguard_hash = "b3RoZXI=";
  for (const DeviceFacts& other : others) {
    EXPECT_EQ(decided(policy, other), Decision::Kind::ask);
  }
}

TEST(UsbPolicy, WithoutASerialNumberItIsThePortToo) {
  DeviceFacts mouse = present_stick();
  mouse.serial.clear();
  const std::string policy = generated({mouse}, {.target = "work"});
  EXPECT_EQ(decided(policy, mouse), Decision::Kind::allow);
  mouse.port_id = "2-2";
  EXPECT_EQ(decided(policy, mouse), Decision::Kind::deny);
}

TEST(UsbPolicy, WhatADeviceSaysOfItselfStaysItsText) {
  for (const std::string& evil :
       {std::string("x\nqubes.USB * * * allow\n"), std::string("\" serial \"\x1b[2J"),
        std::string("a\0b", 3), std::string("# \\x20 {,}"), std::string("\xe2\x80\xae\xff")}) {
    DeviceFacts device = present_stick();
    device.name = device.serial = evil;
    const std::string policy = generated({device}, {.target = "work"});
    EXPECT_EQ(decided(policy, device), Decision::Kind::allow);
    EXPECT_EQ(decided(policy, present_stick()), Decision::Kind::deny);
    for (const char c : policy) EXPECT_TRUE(c == '\n' || (c >= ' ' && c <= '~'));
    EXPECT_EQ(policy.find("\nqubes.USB * * *"), std::string::npos);
  }
}

TEST(UsbPolicy, WhatCannotBeToldFromOthersIsACommentWithTheReason) {
  std::vector<DeviceFacts> devices(4, present_stick());
  devices[0].described.clear();
  devices[1].described.assign(max_usbguard_values + 1, "u080650");
  devices[2].serial = std::string(max_device_text, 's');
  devices[3].described = {"b******"};
  for (const DeviceFacts& device : devices) {
    const std::string policy = generated({device}, {.target = "work"});
    EXPECT_NE(policy.find("# no rule: "), std::string::npos) << policy;
    EXPECT_EQ(policy.find("allow"), std::string::npos) << policy;
  }
  EXPECT_FALSE(generate_usb_policy({}, {.target = "a b"}).has_value());
}

}  // namespace
}  // namespace policy
