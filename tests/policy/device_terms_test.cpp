// SPDX-License-Identifier: GPL-2.0-or-later
// Parameters about what may be done with a device: what they can be, and that a decision has them.
#include "policy/device_terms.hpp"

#include <gtest/gtest.h>

#include "policy/decision.hpp"
#include "policy/rule.hpp"

namespace policy {
namespace {

base::Result<Rule> usb_rule(const std::string& action) {
  return parse_rule("qubes.USB * work sys-usb " + action, "p", 1);
}

std::string terms_problem(const std::string& action) {
  const auto parsed = usb_rule(action);
  return parsed ? "" : parsed.error().text;
}

TEST(DeviceTerms, AreWhatTheRuleSays) {
  EXPECT_EQ(usb_rule("allow")->terms, nullptr);
  const auto parsed = usb_rule(
      "ask read-only=yes interfaces=0,u08**** vendor-requests=no firmware=no device=known");
  ASSERT_TRUE(parsed) << parsed.error().text;
  ASSERT_NE(parsed->terms, nullptr);
  EXPECT_TRUE(parsed->terms->read_only);
  EXPECT_EQ(parsed->terms->interfaces.text(), "0,u08****");
  EXPECT_EQ(parsed->terms->vendor_requests, DeviceTerms::Word::no);
  EXPECT_EQ(parsed->terms->firmware, DeviceTerms::Word::no);
  EXPECT_EQ(usb_rule("allow firmware=yes")->terms->firmware, DeviceTerms::Word::yes);
  EXPECT_EQ(usb_rule("allow auto-typing=yes")->terms->auto_typing, DeviceTerms::Word::yes);
}

TEST(DeviceTerms, SayWhatTheyCanBe) {
  EXPECT_EQ(terms_problem("allow read-only=no"), "'read-only' is 'no', but can be only yes");
  EXPECT_EQ(terms_problem("allow firmware=1"), "'firmware' is '1', but can be only yes or no");
  EXPECT_EQ(terms_problem("allow vendor-requests="),
            "'vendor-requests' is '', but can be only yes or no");
  EXPECT_NE(terms_problem("allow interfaces=stick").find("interface codes"), std::string::npos);
  EXPECT_NE(terms_problem("allow interfaces=0,").find("interface codes"), std::string::npos);
  EXPECT_NE(terms_problem("deny read-only=yes"), "");
}

TEST(DeviceTerms, AreWrittenBackAndCarried) {
  const auto parsed = usb_rule("allow read-only=yes interfaces=u08****");
  ASSERT_TRUE(parsed);
  const auto again = parse_rule(parsed->text(), "p", 1);
  ASSERT_TRUE(again) << parsed->text();
  EXPECT_EQ(again->text(), parsed->text());
  Decision decision;
  decision.terms = parsed->terms;
  EXPECT_NE(handling_of(decision).find(" read-only=yes"), std::string::npos);
}

}  // namespace
}  // namespace policy
