// SPDX-License-Identifier: GPL-2.0-or-later
// Parameters for input devices: what they can be, that a decision carries them, what a change of
// them looks like.
#include "policy/input_handling.hpp"

#include <gtest/gtest.h>

#include "policy/evaluator.hpp"
#include "policy/policy_diff.hpp"
#include "policy/rule.hpp"

namespace policy {
namespace {

base::Result<Rule> rule(const std::string& action) {
  return parse_rule("qubes.InputKeyboard * sys-usb dom0 " + action, "p", 1);
}

std::string problem(const std::string& action) {
  const auto parsed = rule(action);
  return parsed ? "" : parsed.error().text;
}

TEST(InputHandling, IsWhatTheRuleSays) {
  const auto parsed = rule(
      "ask default_target=dom0 pair=new keys=+vt-media injection=off games=yes max-keyboards=2");
  ASSERT_TRUE(parsed) << parsed.error().text;
  ASSERT_NE(parsed->input, nullptr);
  EXPECT_EQ(parsed->input->pair, InputHandling::Pair::unless_known);
  EXPECT_EQ(parsed->input->max_keyboards, 2U);
  EXPECT_EQ(parsed->input->words(), "keys=+vt-media injection=off games=yes");
}

TEST(InputHandling, RatesGoToTheReceiver) {
  const auto parsed = rule("allow events=8000 presses=20");
  ASSERT_TRUE(parsed) << parsed.error().text;
  EXPECT_EQ(parsed->input->words(), "events=8000 presses=20");
}

TEST(InputHandling, WithoutParametersAKeyboardIsPairedAndWatched) {
  EXPECT_EQ(rule("allow")->input, nullptr);
  const InputHandling usual;
  EXPECT_EQ(usual.pair, InputHandling::Pair::always);
  EXPECT_TRUE(usual.watch);
  EXPECT_EQ(usual.words(), "");
}

TEST(InputHandling, SaysWhatItCanBe) {
  EXPECT_EQ(problem("allow pair=true"), "'pair' is 'true', but can be only yes, new or no");
  EXPECT_NE(problem("allow keys=vt").find("each behind + or -"), std::string::npos);
  EXPECT_EQ(problem("ask injection=no"), "'injection' is 'no', but can be only ask or off");
  EXPECT_EQ(problem("ask games=1"), "'games' is '1', but can be only yes or no");
  for (const char* number : {"0", "17", "", "x", "4x", "-1"}) {
    EXPECT_EQ(problem(std::string("allow max-keyboards=") + number),
              std::string("'max-keyboards' is '") + number + "', but can be only 1 to 16");
  }
  for (const char* number : {"99", "1000001", "", "x", "200x", "-1"}) {
    EXPECT_EQ(problem(std::string("allow events=") + number),
              std::string("'events' is '") + number + "', but can be only 100 to 1000000");
  }
  EXPECT_EQ(problem("ask presses=0"), "'presses' is '0', but can be only 1 to 1000");
}

TEST(InputHandling, ADenyLetsNothingIn) {
  for (const char* parameter : {"pair=no", "keys=+vt", "injection=off", "games=yes",
                                "max-keyboards=1", "events=200", "presses=9"}) {
    EXPECT_NE(problem(std::string("deny ") + parameter), "") << parameter;
  }
}

TEST(InputHandling, IsWrittenBackAsItWasRead) {
  const auto parsed = rule("allow pair=new keys=+vt device=known");
  ASSERT_TRUE(parsed);
  const auto again = parse_rule(parsed->text(), "p", 1);
  ASSERT_TRUE(again) << parsed->text();
  EXPECT_EQ(again->text(), parsed->text());
  EXPECT_NE(parsed->text().find(" pair=new"), std::string::npos) << parsed->text();
  EXPECT_NE(parsed->text().find(" keys=+vt"), std::string::npos) << parsed->text();
}

TEST(InputHandling, ADecisionCarriesIt) {
  EXPECT_EQ(handling_of(Decision{}), "");
  Decision decision;
  decision.input = rule("allow pair=no")->input;
  EXPECT_EQ(handling_of(decision), " pair=no");
}

}  // namespace
}  // namespace policy
