// SPDX-License-Identifier: GPL-2.0-or-later
// Decisions beyond the recorded ones: facts that cannot be, and answers that come late or lie.
#include "policy/evaluator.hpp"
#include "tests/places.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace {

using policy::Decision;
using Kind = policy::Decision::Kind;

policy::SystemInfo small_system() {
  policy::SystemInfo system;
  system.add({.name = "work", .type = "AppVM", .running = true, .default_dispvm = "dvm"});
  system.add({.name = "sys-usb", .type = "AppVM", .running = true});
  system.add({.name = "vault", .type = "AppVM"});
  system.add({.name = "dvm", .type = "AppVM", .template_for_dispvms = true});
  return system;
}

Decision decide(const std::string& text, const policy::SystemInfo& system,
                const policy::Request& request) {
  const auto rules = policy::parse_policy({{"p", text}});
  EXPECT_TRUE(rules);
  return rules ? policy::evaluate(*rules, system, request) : policy::deny("did not parse");
}

const policy::Request attach{"work", "sys-usb", "qubes.USB", "+2-1"};

TEST(PolicyEvaluator, AnEmptyPolicyAndADefaultDecisionDeny) {
  EXPECT_EQ(decide("", small_system(), attach).message, "no matching rule found");
  EXPECT_EQ(Decision().kind, Kind::deny);
}

TEST(PolicyEvaluator, AllowSaysWhoMayWhat) {
  const auto decision =
      decide("qubes.USB +2-1 work sys-usb allow user=root", small_system(), attach);
  EXPECT_EQ(decision.kind, Kind::allow);
  EXPECT_EQ(decision.source, "work");
  EXPECT_EQ(decision.target, "sys-usb");
  EXPECT_EQ(decision.user, "root");
  EXPECT_EQ(decision.rule, "p:1");
  EXPECT_TRUE(decision.message.empty());
}

TEST(PolicyEvaluator, AnUnknownCallerHasOnlyItsName) {
  const auto kind = [](const char* rules) {
    return decide(rules, small_system(), {"ghost", "vault", "s", "+"}).kind;
  };
  EXPECT_EQ(kind("* * @anyvm vault allow"), Kind::allow);  // as Qubes; dom0 knows its callers
  EXPECT_EQ(kind("* * ghost vault allow"), Kind::allow);
  EXPECT_EQ(kind("* * @type:AppVM vault allow"), Kind::deny);
  EXPECT_EQ(decide("* * * * ask", small_system(), {"gh\x1bost", "vault", "s", "+"}).message,
            "source 'gh\\x1bost' is not a qube of this system");
}

TEST(PolicyEvaluator, NobodyCallsForAnother) {
  policy::Request request{"work", "vault", "s", "+", "sys-usb"};
  EXPECT_EQ(decide("* * * * allow", small_system(), request).message,
            "sys-usb: requested source is only authorized for RemoteVM");
  auto system = small_system();
  system.add({.name = "far", .type = "RemoteVM"});
  request.requested_source = "far";
  EXPECT_EQ(decide("* * * * allow", system, request).kind, Kind::deny);
}

TEST(PolicyEvaluator, OnlyDom0IsDom0) {
  auto system = small_system();
  system.add({.name = "liar",
              .type = "AdminVM",
              .running = true,
              .uuid = "00000000-0000-0000-0000-000000000000"});
  system.add({.name = "dom0", .type = "AppVM"});
  EXPECT_EQ(decide("* * * @adminvm allow", system, {"work", "liar", "s", "+"}).kind, Kind::deny);
  EXPECT_EQ(decide("* * * @type:AdminVM allow", system, {"work", "liar", "s", "+"}).kind,
            Kind::deny);
  EXPECT_EQ(decide("* * * @type:AdminVM allow", system, {"work", "dom0", "s", "+"}).target, "dom0");
  EXPECT_EQ(decide("* * liar dom0 allow", system, {"liar", "dom0", "s", "+"}).kind, Kind::allow);
}

TEST(PolicyEvaluator, AskOffersSortedTargetsAndNotTheCaller) {
  const auto asked = decide("* * * * ask default_target=sys-usb", small_system(), attach);
  EXPECT_EQ(asked.kind, Kind::ask);
  EXPECT_EQ(asked.targets,
            (std::vector<std::string>{"@dispvm:dvm", "dom0", "dvm", "sys-usb", "vault"}));
  EXPECT_EQ(asked.default_target, "sys-usb");
}

TEST(PolicyEvaluator, ADeniedDefaultDisposableIsNotOfferedByItsOtherName) {
  const auto asked = decide("* * * @dispvm:dvm deny\n* * * @anyvm ask", small_system(), attach);
  EXPECT_EQ(asked.targets, (std::vector<std::string>{"dvm", "sys-usb", "vault"}));
}

TEST(PolicyEvaluator, AnswerMustBeOneThatWasOffered) {
  const auto system = small_system();
  const auto asked = decide("qubes.USB * work sys-usb ask", system, attach);
  EXPECT_EQ(policy::accept_answer(asked, system, "sys-usb").kind, Kind::allow);
  EXPECT_EQ(policy::accept_answer(asked, system, "sys-usb").rule, "p:1");
  EXPECT_EQ(policy::accept_answer(asked, system, "vault").message,
            "target vault is not a valid choice");
  EXPECT_EQ(policy::accept_answer(asked, system, "").kind, Kind::deny);
  EXPECT_EQ(policy::accept_answer(asked, system, "\x1b[2J").message,
            "target \\x1b[2J is not a valid choice");
  EXPECT_EQ(policy::refuse_answer(asked).message, "denied by the user p:1");
  EXPECT_EQ(policy::refuse_unasked(asked).message, "denied for non-interactive ask");
}

TEST(PolicyEvaluator, OnlyAnAskCanBeAnswered) {
  const auto system = small_system();
  auto denied = policy::deny("no");
  denied.targets = {"vault"};
  EXPECT_EQ(policy::accept_answer(denied, system, "vault").kind, Kind::deny);
}

TEST(PolicyEvaluator, AnAnswerIsCheckedAgainstTheSystemAsItIsNow) {
  const auto system = small_system();
  const auto asked = decide("* * work @anyvm ask autostart=no", system, attach);
  EXPECT_EQ(asked.targets, (std::vector<std::string>{"sys-usb"}));
  auto stopped = small_system();
  stopped.add({.name = "sys-usb", .type = "AppVM"});
  EXPECT_EQ(policy::accept_answer(asked, stopped, "sys-usb").message,
            "target sys-usb is denied because it would require autostart");
  EXPECT_EQ(policy::accept_answer(asked, policy::SystemInfo(), "sys-usb").message,
            "target sys-usb does not exist (any more)");
}

TEST(PolicyEvaluator, AskRedirectedToTheCallerEndsAsLoopback) {
  const auto system = small_system();
  const auto asked = decide("* * work @anyvm ask target=work", system, attach);
  EXPECT_EQ(asked.targets, (std::vector<std::string>{"work"}));
  EXPECT_EQ(policy::accept_answer(asked, system, "work").message,
            "loopback qrexec connection not supported");
}

TEST(ExamplePolicy, DoesWhatItsCommentsSay) {
  std::ifstream in(places::source() + "/dist/policy/50-sallyport.policy");
  const std::string text(std::istreambuf_iterator<char>(in), {});
  ASSERT_FALSE(text.empty());
  const auto rules = policy::parse_policy({{"p", text}});
  ASSERT_TRUE(rules) << rules.error().text;
  const auto system = small_system();
  const auto asked = policy::evaluate(*rules, system, attach);
  EXPECT_EQ(asked.kind, Kind::ask);
  EXPECT_EQ(asked.targets, (std::vector<std::string>{"sys-usb"}));
  EXPECT_EQ(policy::evaluate(*rules, system, {"vault", "sys-usb", "qubes.USB", "+2-1"}).kind,
            Kind::deny);
  EXPECT_EQ(policy::evaluate(*rules, system, {"work", "vault", "qubes.USB", "+2-1"}).kind,
            Kind::deny);
  EXPECT_EQ(policy::evaluate(*rules, system, {"work", "dom0", "qubes.USB", "+2-1"}).kind,
            Kind::deny);
}

}  // namespace
