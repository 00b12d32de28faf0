// SPDX-License-Identifier: GPL-2.0-or-later
// Policy made of USBGuard's rules: what it says, that it decides as they do, and what is refused.
#include "policy/usbguard_import.hpp"

#include <gtest/gtest.h>

#include "policy/usbguard_rules.hpp"
#include "tests/policy/usb_decision.hpp"

namespace policy {
namespace {

using Inexact = UsbguardImport::Inexact;

UsbguardImport to_work(Inexact inexact = Inexact::refuse) {
  return {.target = "work", .backend = "sys-usb", .ports = {{"1-2", "2-1"}}, .inexact = inexact};
}

std::string imported(const std::string& text, Inexact inexact = Inexact::refuse) {
  const auto made = import_usbguard(text, "rules.conf", to_work(inexact));
  EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().front());
  return made ? made->policy : std::string();
}

Complaints complaints(const std::string& text, Inexact inexact = Inexact::refuse) {
  const auto made = import_usbguard(text, "rules.conf", to_work(inexact));
  return made ? Complaints{} : made.error();
}

TEST(UsbguardImport, WritesALineForEachRuleBehindTheRuleItself) {
  const std::string policy = imported(
      "# my devices\n"
      "allow 0951:1666 serial \"60A44C\" name \"Data Traveler\" with-interface 08:06:50\n"
      "reject with-interface all-of { 08:*:* 03:00:* } label \"typing\"\n"
      "allow via-port \"1-2\" if true\n"
      "allow 1234:* if false\n");
  const std::size_t start = policy.find("\n\n");
  ASSERT_NE(start, std::string::npos);
  EXPECT_EQ(
      policy.substr(start + 2),
      "# rules.conf:2: allow 0951:1666 serial \"60A44C\" name \"Data Traveler\" "
      "with-interface 08:06:50\n"
      "qubes.USB * work sys-usb allow "
      "usb=id,0951:1666,serial,\"60A44C\",name,\"Data\\x20Traveler\",with-interface,08:06:50\n"
      "\n"
      "# rules.conf:3: reject with-interface all-of { 08:*:* 03:00:* } label \"typing\"\n"
      "qubes.USB * work sys-usb deny usb=with-interface,all-of{08:*:*,03:00:*}\n"
      "\n"
      "# rules.conf:4: allow via-port \"1-2\" if true\n"
      "qubes.USB * work sys-usb allow usb=via-port,\"2-1\"\n"
      "\n"
      "# rules.conf:5: allow 1234:* if false\n"
      "# never holds\n"
      "\n"
      "# What no rule allows, USBGuard blocks.\n"
      "qubes.USB * work sys-usb deny\n");
}

TEST(UsbguardImport, DecidesAsTheRulesDo) {
  std::vector<DeviceFacts> devices{plain_stick(), plain_stick(), plain_stick(), plain_stick(), {}};
  devices[1].described = {"u080650", "u030101"};
  devices[2].serial = "60\"A\x1b\\ #";
  devices[3].described.clear();
  devices[3].usbguard_hash.clear();
  for (const std::string text :
       {"allow", "block", "", "allow 0951:1666", "block 0951:1666\nallow", "allow 0951:*\nblock",
        "allow serial \"60\\\"A\\x1b\\\\ #\"", "allow with-interface 08:06:50",
        "block with-interface one-of { 03:*:* }\nallow", "allow with-interface none-of { 03:*:* }",
        "allow with-interface match-all { 08:*:* }", "allow hash \"aGFzaA==\"",
        "reject hash \"aGFzaA==\"\nallow", "allow if false\nblock if !true\nallow 0951:*",
        "allow name one-of { \"Data Traveler\" \"\" } with-interface { 03:01:01 08:06:50 }"}) {
    const auto rules = UsbguardRules::parse(text, "f");
    ASSERT_TRUE(rules.has_value()) << text;
    const std::string policy = imported(text);
    for (const DeviceFacts& device : devices) {
      EXPECT_EQ(decide_by(policy, device).kind == Decision::Kind::allow, rules->allow(device))
          << text;
    }
    EXPECT_EQ(decide_by(policy, std::nullopt).kind, Decision::Kind::deny) << text;
  }
}

TEST(UsbguardImport, TheDecisionNamesTheLineOfTheRule) {
  const std::string policy = imported("block 0951:1666\nallow\n");
  const Decision denied = decide_by(policy, plain_stick());
  const auto first =
      std::count(policy.begin(),
                 policy.begin() + static_cast<std::ptrdiff_t>(policy.find(" deny ")), '\n') +
      1;
  EXPECT_EQ(denied.rule, "30-usbguard.policy:" + std::to_string(first));
}

TEST(UsbguardImport, RefusesWhatItCannotSayWithAllLinesAtOnce) {
  const Complaints all = complaints(
      "allow 0951:1666\n"
      "permit\n"
      "allow via-port \"9-9\"\n"
      "allow parent-hash \"x\" with-connect-type \"hotplug\"\n"
      "block if localtime(00:00-12:00)\n"
      "block name match-all { \"x\" }\n");
  ASSERT_EQ(all.size(), 6U);
  EXPECT_EQ(all[0], "rules.conf:2:1: a rule begins with allow, block or reject, not 'permit'");
  EXPECT_EQ(all[1],
            "rules.conf:3:7: the port '9-9' is one of the machine where the rule was written; say "
            "which one of sys-usb is meant: --port 9-9=PORT");
  EXPECT_TRUE(all[2].starts_with("rules.conf:4:7: 'parent-hash' cannot be known")) << all[2];
  EXPECT_TRUE(all[3].starts_with("rules.conf:4:23: 'with-connect-type' cannot")) << all[3];
  EXPECT_TRUE(all[4].starts_with("rules.conf:5:7: the condition 'localtime'")) << all[4];
  EXPECT_TRUE(all[5].starts_with("rules.conf:6:7: match-all is supported")) << all[5];
}

TEST(UsbguardImport, InPartAsksInsteadOfAllowingAndNeverBlocksLess) {
  const std::string text =
      "allow 0951:1666 parent-hash \"x\" via-port \"7-7\" with-connect-type \"hotplug\"\nallow\n";
  const auto made = import_usbguard(text, "rules.conf", to_work(Inexact::ask));
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(made->remarks.size(), 3U);
  EXPECT_NE(made->policy.find("qubes.USB * work sys-usb ask usb=id,0951:1666\n"), std::string::npos)
      << made->policy;
  EXPECT_EQ(decide_by(made->policy, plain_stick()).kind, Decision::Kind::ask);
  EXPECT_EQ(complaints("block parent-hash \"x\"\nallow\n", Inexact::ask).size(), 1U);
  EXPECT_EQ(complaints("allow nothing\n", Inexact::ask).size(), 1U);
}

TEST(UsbguardImport, HubsNeedNoRule) {
  const std::string hub =
      "allow id 1d6b:0002 serial \"0000:00:14.0\" name \"xHCI\" parent-hash \"y\" "
      "with-interface 09:00:00 with-connect-type \"\"\n";
  EXPECT_EQ(imported(hub).find("allow usb="), std::string::npos);
  EXPECT_EQ(complaints("allow with-interface one-of { 09:00:00 } parent-hash \"x\"\n").size(), 1U);
  EXPECT_EQ(complaints("block with-interface 09:00:00 parent-hash \"x\"\n").size(), 1U);
}

TEST(UsbguardImport, NothingGivenOnTheCommandLineBecomesAnotherLine) {
  for (const char* name : {"", "work\nqubes.USB * * * allow", "a b", "*", "@anyvm", "#"}) {
    UsbguardImport import = to_work();
    import.target = name;
    EXPECT_FALSE(import_usbguard("allow\n", "f", import).has_value()) << name;
    import = to_work();
    import.backend = name;
    EXPECT_FALSE(import_usbguard("allow\n", "f", import).has_value()) << name;
  }
  const auto made = import_usbguard("allow # \x1b[2J\rx\n", "f\nqubes.USB * * * allow", to_work());
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(made->policy.find("\nqubes.USB * * * allow"), std::string::npos);
  EXPECT_EQ(made->policy.find('\x1b'), std::string::npos);
  EXPECT_EQ(made->policy.find('\r'), std::string::npos);
}

}  // namespace
}  // namespace policy
