// SPDX-License-Identifier: GPL-2.0-or-later
// What stands on the terminal, and what a typed line means.
#include "policy/prompt/view.hpp"

#include <gtest/gtest.h>

namespace {

using policy::prompt::Choice;
using policy::prompt::read_choice;
using policy::prompt::render;

policy::io::Question question(std::vector<std::string> targets) {
  return {.source = "work",
          .service = "qubes.USB",
          .argument = "+2-1",
          .targets = std::move(targets),
          .details = {{"device", "Stick"}, {"rule", "p:1"}}};
}

TEST(PromptView, OnlyAClearYesAllows) {
  const auto one = question({"sys-usb"});
  for (const char* yes : {"y", "yes", "Y", "1", " sys-usb \r"}) {
    EXPECT_EQ(read_choice(yes, one).kind, Choice::Kind::allow) << yes;
    EXPECT_EQ(read_choice(yes, one).target, "sys-usb") << yes;
  }
  for (const char* no : {"", "  ", "n", "N", "no"}) {
    EXPECT_EQ(read_choice(no, one).kind, Choice::Kind::deny) << no;
  }
  for (const char* what :
       {"0", "2", "-1", "1x", "+1", "99999999999999999999", "yy", "sys-us", "\x1b[A"}) {
    EXPECT_EQ(read_choice(what, one).kind, Choice::Kind::unclear) << what;
  }
}

TEST(PromptView, ScanFirstIsAnAnswerWhereItIsOffered) {
  auto one = question({"sys-usb"});
  EXPECT_EQ(read_choice("s", one).kind, Choice::Kind::unclear);
  EXPECT_EQ(render(one, std::chrono::seconds(60)).find("scanned"), std::string::npos);
  one.scan_first = "sys-usb:sda";
  one.scan_for = one.source;
  for (const char* scan : {"s", "S", " s\r"}) {
    EXPECT_EQ(read_choice(scan, one).kind, Choice::Kind::scan_first) << scan;
  }
  EXPECT_NE(render(one, std::chrono::seconds(60)).find("  s refuses it for now, has it scanned"),
            std::string::npos);
  one.targets = {"s"};
  EXPECT_EQ(read_choice("s", one).kind, Choice::Kind::allow) << "a qube's name comes first";
}

TEST(PromptView, SeveralTargetsNeedANumberOrAName) {
  const auto two = question({"2", "vault"});
  EXPECT_EQ(read_choice("y", two).kind, Choice::Kind::unclear);
  EXPECT_EQ(read_choice("vault", two).target, "vault");
  EXPECT_EQ(read_choice("1", two).target, "2");
  // The name is what the user reads, so it goes before the number.
  EXPECT_EQ(read_choice("2", two).target, "2");
}

TEST(PromptView, FixedYesNeverGuesses) {
  auto two = question({"a", "b"});
  EXPECT_EQ(policy::prompt::fixed_yes(two).kind, Choice::Kind::deny);
  two.default_target = "b";
  EXPECT_EQ(policy::prompt::fixed_yes(two).target, "b");
  EXPECT_EQ(policy::prompt::fixed_yes(question({"a"})).target, "a");
}

TEST(PromptView, ShowsEverythingThatMattersAndCallsClaimsClaims) {
  const std::string text = render(question({"sys-usb"}), std::chrono::seconds(60));
  for (const char* part : {"work", "qubes.USB +2-1", "Rule:      p:1", "claims", "device: Stick",
                           "1) sys-usb", "60 s"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  }
  EXPECT_LT(text.find("Rule:"), text.find("claims"));
}

TEST(PromptView, FactsStandApartFromClaims) {
  policy::io::Question asked = question({"sys-usb"});
  asked.details["history"] = "new: never seen before";
  asked.details["port"] = "sys-usb:2-1";
  asked.details["changed"] = "now also Keyboard";
  asked.details["identity"] = "0951:1666";
  const std::string text = render(asked, std::chrono::seconds(60));
  for (const char* fact : {"Port:      sys-usb:2-1", "History:   new", "CHANGED:   now also"}) {
    EXPECT_LT(text.find(fact), text.find("claims")) << fact << " in\n" << text;
  }
  EXPECT_GT(text.find("identity: 0951:1666"), text.find("claims"));
}

TEST(PromptView, LettersSayHowFarAYesGoes) {
  using policy::io::Scope;
  policy::io::Question one = question({"sys-usb"});
  EXPECT_EQ(read_choice("p", one).kind, Choice::Kind::unclear) << "not offered";
  one.scopes = {Scope::while_plugged, Scope::always};
  EXPECT_EQ(read_choice("p", one).scope, Scope::while_plugged);
  EXPECT_EQ(read_choice(" A ", one).scope, Scope::always);
  EXPECT_EQ(read_choice("y p", one).scope, Scope::while_plugged);
  EXPECT_EQ(read_choice("y", one).scope, Scope::once);
  EXPECT_EQ(read_choice("x p", one).kind, Choice::Kind::unclear);
  policy::io::Question two = question({"sys-usb", "p"});
  two.scopes = {Scope::while_plugged};
  EXPECT_EQ(read_choice("p", two).target, "p") << "a qube's name comes first";
  EXPECT_EQ(read_choice("p p", two).scope, Scope::while_plugged);
  EXPECT_EQ(read_choice("2 p", two).target, "p");
  EXPECT_EQ(read_choice("1 a", two).kind, Choice::Kind::unclear);
  one.always_writes = "line one\n\x1b[2Jtwo";
  const std::string text = policy::prompt::render_always(one);
  EXPECT_NE(text.find("    line one\n    \\x1b[2Jtwo\n"), std::string::npos) << text;
}

TEST(PromptView, NothingFromOutsideReachesTheTerminalRaw) {
  policy::io::Question evil;
  const std::string attack =
      "\x1b[2J\r\n  Targets:\n 1) safe \xe2\x80\xae" + std::string(5000, 'x');
  evil.source = evil.service = evil.argument = attack;
  evil.targets = {attack};
  for (int i = 0; i < 100; ++i) evil.details[attack + std::to_string(i)] = attack;
  evil.details["rule"] = attack;
  const std::string text = render(evil, std::chrono::seconds(60));
  for (const char c : text) {
    EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << static_cast<int>(c);
  }
  EXPECT_EQ(text.find("\n 1) safe"), std::string::npos);
  EXPECT_LT(text.size(), 8192U);
}

}  // namespace
