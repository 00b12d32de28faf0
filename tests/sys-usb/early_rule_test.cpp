// SPDX-License-Identifier: GPL-2.0-or-later
// Who may type before the disk is open, and what the operator's file says of it.
#include <gtest/gtest.h>

#include "sys-usb/early/early_arguments.hpp"
#include "sys-usb/early/early_record.hpp"
#include "sys-usb/early/keyboard_rule.hpp"
#include "tests/sys-usb/early_golden.hpp"

namespace sysusb::early {
namespace {

const Place port{.controller = "0000:00:14.0", .path = "2"};

EarlyConfig config_of(const std::string& text) {
  const auto config = parse_early_config(text, "FILE");
  EXPECT_TRUE(config) << config.error().text;
  return config ? *config : EarlyConfig{};
}

Verdict judged(const std::string& config, const std::string& device, const Place& place = port,
               unsigned keyboards = 0) {
  return judge(config_of(config), place, parse_descriptors(base::wire::as_bytes(device)),
               keyboards);
}

Role role(const std::string& config, const std::string& device, const Place& place = port) {
  return judged(config, device, place).role;
}

void expect_refused(const std::string& config, const std::string& device, const std::string& why) {
  const Verdict verdict = judged(config, device);
  EXPECT_EQ(verdict.role, Role::refused);
  EXPECT_NE(verdict.why.find(why), std::string::npos) << verdict.why;
}

TEST(EarlyRule, LetsAKeyboardInAtItsPort) {
  EXPECT_EQ(role("port = 0000:00:14.0-2", test::plain_keyboard), Role::keyboard);
  EXPECT_EQ(role("port = any", test::plain_keyboard), Role::keyboard);
  EXPECT_EQ(role("port = 0000:00:14.0-2\nport = 0000:00:14.0-3", test::plain_keyboard),
            Role::keyboard);
  for (const char* other : {"0000:00:14.0-1", "0000:00:14.0-2.1", "0000:00:1d.0-2"}) {
    expect_refused(std::string("port = ") + other, test::plain_keyboard, "port is not listed");
  }
}

TEST(EarlyRule, LetsNothingElseIn) {
  expect_refused("port = any", test::stick,
                 "no boot keyboard, but has interface 0 (class 08/06/50)");
  expect_refused("port = any", test::tablet,
                 "no boot keyboard, but has interface 0 (class 03/00/00)");
  const std::string extra = "port = any\nallow-extra-hid = yes";
  for (const std::string& config : {std::string("port = any"), extra}) {
    expect_refused(config, test::keyboard_and_storage, "interface 1 (class 08/06/50)");
    expect_refused(config, test::keyboard_or_storage, "interface 0 (class 08/06/50)");
  }
  expect_refused("port = any", test::receiver, "allow-extra-hid = yes would permit it");
  EXPECT_EQ(role(extra, test::receiver), Role::keyboard);
}

TEST(EarlyRule, RefusesKeyboardsThatAreMadeUpOddly) {
  std::string odd = test::plain_keyboard;
  odd[4] = static_cast<char>(0xff);  // a driver for vendors' devices could bind
  expect_refused("port = any", odd, "device class is ff");
  odd = test::plain_keyboard;
  odd[48] = 2;  // the endpoint is a bulk one
  expect_refused("port = any", odd, "endpoints that no HID device has");
  expect_refused("port = any", test::plain_keyboard.substr(0, 40), "end too early");
  EXPECT_EQ(judge(config_of("port = any"), Place{.controller = "", .path = "2"},
                  parse_descriptors(base::wire::as_bytes(test::plain_keyboard)), 0)
                .role,
            Role::refused);
}

TEST(EarlyRule, CountsKeyboards) {
  EXPECT_EQ(judged("port = any", test::plain_keyboard, port, 1).role, Role::refused);
  const std::string two = "port = any\nmax-keyboards = 2";
  EXPECT_EQ(judged(two, test::plain_keyboard, port, 1).role, Role::keyboard);
  EXPECT_EQ(judged(two, test::plain_keyboard, port, 2).role, Role::refused);
}

TEST(EarlyRule, HoldsToTheListOfModels) {
  EXPECT_EQ(role("port = any\nvendor = 046d:c31c\nvendor = 0627:0001", test::plain_keyboard),
            Role::keyboard);
  expect_refused("port = any\nvendor = 046d:c31c", test::plain_keyboard, "0627:0001");
}

TEST(EarlyRule, LetsHubsInOnTheWay) {
  const std::string below = "port = 0000:00:14.0-2.1.4";
  for (const std::string& hub : {test::hub, test::multi_tt_hub, test::super_hub}) {
    EXPECT_EQ(role(below, hub), Role::hub);
    EXPECT_EQ(role(below, hub, {.controller = "0000:00:14.0", .path = "2.1"}), Role::hub);
    EXPECT_EQ(role(below, hub, {.controller = "0000:00:14.0", .path = ""}), Role::hub);
    EXPECT_EQ(role(below, hub, {.controller = "0000:00:14.0", .path = "2.1.4"}), Role::refused);
    EXPECT_EQ(role(below, hub, {.controller = "0000:00:14.0", .path = "1"}), Role::refused);
    EXPECT_EQ(role(below, hub, {.controller = "0000:00:1d.0", .path = "2"}), Role::refused);
  }
  // Port 22 does not begin with port 2.
  EXPECT_EQ(role("port = 0000:00:14.0-22.1", test::hub), Role::refused);
  std::string liar = test::stick;
  liar[4] = 9;
  expect_refused("port = any", liar, "says it is a hub");
}

TEST(EarlyRule, ADefaultConfigAllowsNothing) {
  for (const std::string& device : {test::plain_keyboard, test::hub}) {
    const auto described = parse_descriptors(base::wire::as_bytes(device));
    EXPECT_EQ(judge(EarlyConfig{}, port, described, 0).role, Role::refused);
  }
}

TEST(EarlyConfigFile, IsRead) {
  const EarlyConfig config = config_of(
      "# keyboards\n port = 0000:00:14.0-2.1 # left\r\nvendor=046d:C31c\nmax-keyboards = 2\n"
      "allow-extra-hid = yes");
  EXPECT_EQ(config.which, Ports::listed);
  EXPECT_EQ(config.ports, (std::vector<Place>{{"0000:00:14.0", "2.1"}}));
  EXPECT_EQ(config.models, (std::vector<Model>{{0x046d, 0xc31c}}));
  EXPECT_EQ(config.max_keyboards, 2U);
  EXPECT_EQ(config.extra_hid, ExtraHid::permitted);
  EXPECT_EQ(text_of(config.ports.front()), "0000:00:14.0-2.1");
}

TEST(EarlyConfigFile, SaysWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"", "FILE: no port is named"},
      {"max-keyboards = 1", "FILE: no port is named"},
      {"port", "FILE:1: no '='"},
      {"\nport = 1-2", "FILE:2: '1-2' is not a port"},
      {"port = 0000:00:14.0", "is not a port"},
      {"port = 0000:00:14.0-", "is not a port"},
      {"port = 0000:00:14.0-0", "is not a port"},
      {"port = 0000:00:14.0-2.", "is not a port"},
      {"port = 0000:00:14.0-1.2.3.4.5.6.7", "is not a port"},
      {"port = 0000:00:14.0-256", "is not a port"},
      {"port = 0000:00:1F.0-2", "is not a port"},
      {"port = any\nvendor = 046d", "is not a vendor"},
      {"port = any\nvendor = 046d:c31g", "is not a vendor"},
      {"port = any\nmax-keyboards = 0", "from 1 to 8"},
      {"port = any\nmax-keyboards = 9", "from 1 to 8"},
      {"port = any\nmax-keyboards = 2x", "from 1 to 8"},
      {"port = any\nallow-extra-hid = maybe", "neither yes nor no"},
      {"port = any\nmax-keyboards = 1\nmax-keyboards = 2",
       "FILE:3: key 'max-keyboards' is given twice"},
      {"ports = any", "unknown key 'ports'"},
      {"port = \x1b[2J", "'\\x1b[2J' is not a port"}};
  for (const auto& [text, said] : wrong) {
    const auto config = parse_early_config(text, "FILE");
    ASSERT_FALSE(config) << text;
    EXPECT_NE(config.error().text.find(said), std::string::npos) << config.error().text;
  }
  std::string many;
  for (int i = 0; i < 65; ++i) many += "port = 0000:00:14.0-2\n";
  EXPECT_FALSE(parse_early_config(many, "FILE"));
}

TEST(EarlyRecord, GoesThereAndBack) {
  const Authorised keyboard{.role = Role::keyboard, .name = "1-2.1", .number = 7};
  const Authorised hub{.role = Role::hub, .name = "usb1", .number = 1};
  const auto record = parse_early_record(line_of(hub) + line_of(keyboard) + std::string(over_line));
  ASSERT_TRUE(record) << record.error().text;
  EXPECT_EQ(record->devices, (std::vector<Authorised>{hub, keyboard}));
  EXPECT_EQ(record->phase, Phase::over);
  EXPECT_EQ(parse_early_record("")->phase, Phase::running);
  for (const char* bad : {"keyboard 1-2 7", "over", "\n", "keyboard 1-2\n", "mouse 1-2 7\n",
                          "hub ../1-2 7\n", "hub 1-2 7x\n", "hub 1-2  7\n", "hub usb 1\n"}) {
    EXPECT_FALSE(parse_early_record(bad)) << bad;
  }
}

TEST(EarlyArguments, AreRead) {
  const auto allow = parse_early_arguments({"allow", "--sys", "/s", "--once", "--config", "/c"});
  ASSERT_TRUE(allow) << allow.error().text;
  EXPECT_EQ(allow->action, Action::allow);
  EXPECT_EQ(allow->sys, "/s");
  EXPECT_EQ(allow->config, "/c");
  EXPECT_EQ(allow->rounds, Rounds::one);
  EXPECT_EQ(allow->state, "/run/sallyport-early-usb");
  EXPECT_EQ(parse_early_arguments({"revoke", "--kmsg"})->kmsg, Kmsg::on);
  EXPECT_EQ(parse_early_arguments({"allow", "--help"})->action, Action::help);
  using Words = std::vector<std::string>;
  for (const Words& wrong : {Words{}, Words{"allow", "revoke"}, Words{"allow", "--sys"},
                             Words{"--once"}, Words{"allow", "x"}, Words{"allow", "--sys", ""}}) {
    EXPECT_FALSE(parse_early_arguments(wrong));
  }
}

}  // namespace
}  // namespace sysusb::early
