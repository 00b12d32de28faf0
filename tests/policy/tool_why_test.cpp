// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport policy why`: what it names, and that the rules it advises do what it says.
#include "tests/policy/tool_fixture.hpp"

namespace {

class PolicyWhy : public tests::PolicyTool {
 protected:
  void SetUp() override {
    tests::PolicyTool::SetUp();
    write("system.json", R"({"domains": {
        "work": {"type": "AppVM", "power_state": "Running", "tags": ["a"], "default_dispvm": "dvm"},
        "vault": {"type": "AppVM", "power_state": "Halted"},
        "hidden": {"type": "AppVM", "power_state": "Running", "internal": true},
        "dvm": {"type": "AppVM", "power_state": "Halted", "template_for_dispvms": true},
        "sys-usb": {"type": "AppVM", "power_state": "Running"}}})");
  }
  std::string why(const std::string& source, const std::string& target,
                  const std::string& call = "qubes.USB+2-1") {
    const auto answer = ask({"why", source, target, call});
    EXPECT_EQ(answer.code, 0) << answer.errors;
    return answer.out;
  }
  bool says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }
  const std::string own_ = path("etc/qubes/policy.d/30-user.policy");
};

TEST_F(PolicyWhy, NamesTheRuleAndWhatItHides) {
  write("etc/qubes/policy.d/50-more.policy", "qubes.USB * @anyvm @anyvm deny notify=no\n");
  EXPECT_EQ(why("work", "sys-usb"),
            "allow, to sys-usb\nby the first rule that matches, " + own_ +
                ":1:\n  qubes.USB * work sys-usb allow\nIt hides, in this order:\n  " +
                path("etc/qubes/policy.d/50-more.policy") +
                ":1: qubes.USB * @anyvm @anyvm deny notify=no\n"
                "To be asked, put into " +
                own_ +
                ", before line 1:\n  qubes.USB +2-1 work sys-usb ask\nTo deny it, put into " +
                own_ + ", before line 1:\n  qubes.USB +2-1 work sys-usb deny\n");
}

TEST_F(PolicyWhy, PutsARuleBeforeTheOneThatDecided) {
  write("etc/qubes/policy.d/90-default.policy", "qubes.USB * @anyvm @anyvm deny\n");
  EXPECT_TRUE(says(why("work", "vault"), "To allow it, put at the top of " + own_ +
                                             ":\n  qubes.USB +2-1 work vault allow\n"));
  write("etc/qubes/policy.d/10-first.policy", "\nqubes.USB * work vault deny\n");
  EXPECT_TRUE(says(why("work", "vault"), "put into " + path("etc/qubes/policy.d/10-first.policy") +
                                             ", before line 2:\n"));
  EXPECT_TRUE(says(why("work", "dom0"), "No rule matches"));
  EXPECT_TRUE(
      says(why("work", "dom0"), "put into " + own_ + ":\n  qubes.USB +2-1 work dom0 allow"));
}

TEST_F(PolicyWhy, OneRuleInRunIsTheOwnFile) {
  write("run/qubes/policy.d/30-user.policy", "qubes.USB * work sys-usb deny\n");
  EXPECT_TRUE(says(why("vault", "sys-usb"),
                   "put into " + path("run/qubes/policy.d/30-user.policy") + ":\n"));
}

// Each advised line, put where it is said, gives what is promised.
TEST_F(PolicyWhy, WhatItAdvisesWorks) {
  write("etc/qubes/policy.d/90-default.policy",
        "s.Ask * work @default ask\ns.Ask * work vault ask\ns.Ask * work @dispvm deny\n"
        "s.Start * work vault allow autostart=no\n* * @anyvm @anyvm deny\n");
  const std::string before = "qubes.USB * work sys-usb allow\n";
  for (const auto& [target, call] :
       std::vector<std::pair<std::string, std::string>>{{"@default", "s.Ask"},
                                                        {"vault", "s.Ask+x"},
                                                        {"@dispvm", "s.Ask"},
                                                        {"vault", "s.Start"},
                                                        {"dom0", "s.Other"}}) {
    const std::string text = why("work", target, call);
    SCOPED_TRACE(text);
    std::size_t advised = 0;
    for (const auto& [words, decision] : std::vector<std::pair<std::string, std::string>>{
             {"To allow it, ", "allow"}, {"To be asked, ", "ask"}, {"To deny it, ", "deny"}}) {
      const std::size_t found = text.find(words);
      if (found == std::string::npos) continue;
      const std::size_t line = text.find("\n  ", found) + 3;
      write("etc/qubes/policy.d/30-user.policy",
            text.substr(line, text.find('\n', line) - line) + "\n" + before);
      EXPECT_NE(ask({"eval", "work", target, call}).out.find("\"decision\":\"" + decision),
                std::string::npos)
          << ask({"eval", "work", target, call}).out;
      ++advised;
    }
    EXPECT_GE(advised, 1U);
    write("etc/qubes/policy.d/30-user.policy", before);
  }
}

TEST_F(PolicyWhy, SaysWhichTargetsAnAskOffersAndWhyNotTheOthers) {
  write("etc/qubes/policy.d/30-user.policy",
        "s * work vault deny\ns * work @dispvm deny\ns * work sys-usb ask\ns * work @anyvm ask\n");
  const std::string text = why("work", "sys-usb", "s");
  EXPECT_TRUE(says(text, "Offered:\n  sys-usb: by " + own_ + ":3: s * work sys-usb ask\n")) << text;
  EXPECT_TRUE(says(text, "dvm: by " + own_ + ":4: s * work @anyvm ask\n")) << text;
  EXPECT_TRUE(says(text, "Not offered:\n")) << text;
  EXPECT_TRUE(says(text, "vault: denied by " + own_ + ":1\n")) << text;
  EXPECT_TRUE(says(text, "hidden: internal, never offered\n")) << text;
  EXPECT_TRUE(says(text, "work: is the caller itself\n")) << text;
  EXPECT_TRUE(says(text, "dom0: no rule of this call allows or asks for it\n")) << text;
  write("etc/qubes/policy.d/30-user.policy", "s * work @anyvm ask autostart=no\n");
  EXPECT_TRUE(says(why("work", "sys-usb", "s"),
                   "vault: would have to be started, and " + own_ + ":1 says autostart=no\n"));
  write("etc/qubes/policy.d/30-user.policy", "s * work @anyvm ask target=vault\n");
  EXPECT_TRUE(says(why("work", "sys-usb", "s"), "There is no other choice"));
}

TEST_F(PolicyWhy, KnowsWhenNoRuleHelps) {
  EXPECT_TRUE(says(why("work", "@dispvm:work"), "not a template for dispvm: work"));
  EXPECT_TRUE(says(why("work", "@dispvm:work"), "No rule was tried"));
  EXPECT_TRUE(says(why("work", "work"), "a qube cannot call itself"));
  EXPECT_TRUE(says(why("work", "nosuch"), "does not exist"));
  EXPECT_TRUE(says(why("work", "nosuch"), "work @default allow target=QUBE"));
}

TEST_F(PolicyWhy, NamesRulesWhoseConditionsDoNotHold) {
  write("etc/qubes/policy.d/30-user.policy",
        "qubes.USB * work sys-usb allow device=known\nqubes.USB * work sys-usb deny\n");
  EXPECT_TRUE(
      says(why("work", "sys-usb"), "nothing is known of a device here:\n  " + own_ +
                                       ":1: qubes.USB * work sys-usb allow device=known\n"));
}

TEST_F(PolicyWhy, ABrokenPolicyDeniesEverythingByItsMistake) {
  write("etc/qubes/policy.d/30-user.policy", "qubes.USB * work\n");
  EXPECT_TRUE(says(why("work", "sys-usb"),
                   "deny, as everything is: " + own_ + ":1: wrong number of fields\n"));
}

}  // namespace
