// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport policy test`, `diff` and `graph`.
#include <boost/json.hpp>
#include <chrono>

#include "policy/io/decision_json.hpp"
#include "policy/policy_diff.hpp"
#include "tests/places.hpp"
#include "tests/policy/tool_fixture.hpp"

namespace {

namespace json = boost::json;

class PolicyExpectations : public tests::PolicyTool {
 protected:
  void SetUp() override {
    tests::PolicyTool::SetUp();
    write("etc/qubes/policy.d/30-user.policy",
          "s.Allow * work sys-usb allow user=root target=dom0\n"
          "s.Ask * work sys-usb ask default_target=sys-usb\n"
          "s.Deny * work @anyvm deny\n");
  }
  Result expect(const std::string& text) {
    write("tests", text);
    return ask({"test", path("tests")});
  }
};

TEST_F(PolicyExpectations, PassWhereAllIsAsExpected) {
  const auto good = expect(
      "# what I want\n\n"
      "work sys-usb s.Allow+x allow target=dom0 user=root rule=30-user.policy:1\n"
      "work sys-usb s.Ask ask target=sys-usb default_target=sys-usb user= rule=30-user.policy\n"
      "work sys-usb s.Deny deny rule=policy.d/30-user.policy:3\n"
      "work sys-usb s.Other deny rule=none\n");
  EXPECT_EQ(good.out, "4 passed, 0 failed\n") << good.errors;
  EXPECT_EQ(good.code, 0);
}

TEST_F(PolicyExpectations, SayWhatCameInsteadAndWhy) {
  const std::string etc = path("etc/qubes/policy.d/30-user.policy");
  const auto bad = expect(
      "work sys-usb s.Ask allow\n"
      "work sys-usb s.Allow allow target=sys-usb\n"
      "work sys-usb s.Allow allow user=nobody\n"
      "work sys-usb s.Ask ask target=dom0\n"
      "work sys-usb s.Ask ask default_target=\n"
      "work sys-usb s.Deny deny rule=30-user.policy:9\n"
      "work sys-usb s.Other allow\n"
      "work sys-usb s.Deny deny\n");
  EXPECT_EQ(bad.code, 1);
  const auto at = [this](int line) { return path("tests") + ":" + std::to_string(line) + ": "; };
  EXPECT_TRUE(has(bad.out, at(1) +
                               "work sys-usb s.Ask: expected allow, came ask for sys-usb\n  by " +
                               etc + ":2: s.Ask * work sys-usb ask default_target=sys-usb\n"))
      << bad.out;
  EXPECT_TRUE(has(bad.out, at(2) + "work sys-usb s.Allow: expected allow with target=sys-usb, came "
                                   "allow to dom0\n"));
  EXPECT_TRUE(has(bad.out, at(3) + "work sys-usb s.Allow: expected user=nobody, came user=root\n"));
  EXPECT_TRUE(has(bad.out, at(4) + "work sys-usb s.Ask: expected ask with target=dom0, came ask"));
  EXPECT_TRUE(has(bad.out, at(5) + "work sys-usb s.Ask: expected default_target=, came "
                                   "default_target=sys-usb\n"));
  EXPECT_TRUE(has(bad.out, at(6) + "work sys-usb s.Deny: expected deny by rule 30-user.policy:9"));
  EXPECT_TRUE(has(bad.out, at(7) + "work sys-usb s.Other: expected allow, came deny: no matching "
                                   "rule found\n  no rule matches\n"));
  EXPECT_TRUE(bad.out.ends_with("\n1 passed, 7 failed\n")) << bad.out;
}

TEST_F(PolicyExpectations, MistakesInTheFileAreNamedAndNothingIsRun) {
  const auto bad = expect(
      "work sys-usb s.Ask\n"
      "work sys-usb s.Ask Ask\n"
      "work sys-usb s.Ask deny target=x\n"
      "work sys-usb s.Ask allow default_target=x\n"
      "work sys-usb s.Ask ask colour=red\n"
      "work sys-usb s.Ask ask user=a user=b\n"
      "work sys-usb s.Ask ask # comment\n"
      "work sys-usb +x ask\n");
  EXPECT_EQ(bad.code, 2);
  EXPECT_EQ(bad.out, "");
  for (int line = 1; line <= 8; ++line) {
    EXPECT_TRUE(has(bad.errors, path("tests") + ":" + std::to_string(line) + ":")) << bad.errors;
  }
  EXPECT_EQ(ask({"test", path("nowhere")}).code, 2);
  EXPECT_EQ(ask({"test"}).code, 2);
  write("tests", "work sys-usb s.Ask ask\n");
  EXPECT_EQ(run({"test", path("tests")}).code, 2);  // nobody knows which qubes there are
  write("etc/qubes/policy.d/30-user.policy", "nonsense\n");
  EXPECT_EQ(ask({"test", path("tests")}).code, 2);
}

TEST_F(PolicyExpectations, TheShippedExampleAgreesWithTheShippedPolicy) {
  const std::string shipped = places::source() + "/dist/policy/";
  std::filesystem::remove(root_ / "etc/qubes/policy.d/30-user.policy");
  std::filesystem::copy_file(shipped + "50-sallyport.policy",
                             root_ / "etc/qubes/policy.d/50-sallyport.policy");
  const auto passed = ask({"test", shipped + "expectations.example"});
  EXPECT_EQ(passed.code, 0) << passed.out << passed.errors;
  EXPECT_FALSE(has(passed.out, "0 passed"));
  EXPECT_EQ(ask({"check", "--strict"}).code, 0) << ask({"check"}).out;
}

class PolicyDiffTool : public tests::PolicyTool {
 protected:
  void SetUp() override {
    tests::PolicyTool::SetUp();
    write("system.json", R"({"domains": {"work": {"type": "AppVM", "power_state": "Running"},
        "vault": {"type": "AppVM", "power_state": "Halted"},
        "dvm": {"type": "AppVM", "power_state": "Halted", "template_for_dispvms": true},
        "sys-usb": {"type": "AppVM", "power_state": "Running"}}})");
  }
  Result diff(const std::string& old_text, const std::string& new_text, bool as_json = false) {
    write("old/30-user.policy", old_text);
    write("new/30-user.policy", new_text);
    std::vector<std::string> words{"diff"};
    if (as_json) words.emplace_back("--json");
    words.insert(words.end(), {path("old"), path("new")});
    return ask(std::move(words));
  }
};

TEST_F(PolicyDiffTool, NamesEachDecisionThatChanges) {
  const auto changed = diff("qubes.USB +2-1 work sys-usb deny\nqubes.USB * work vault allow\n",
                            "\n\nqubes.USB +2-1 work sys-usb ask\nqubes.USB * work vault allow\n");
  EXPECT_EQ(changed.code, 1);
  EXPECT_EQ(changed.out,
            "work -> sys-usb qubes.USB+2-1: deny -> ask (30-user.policy:3)\n1 decision changes\n");
}

TEST_F(PolicyDiffTool, SaysNothingWhereOnlyTheTextChanges) {
  const auto same = diff("s * work vault allow\ns * @anyvm @anyvm deny\n",
                         "# moved\n\ns * work vault allow user=\n"
                         "s +x work vault allow\n");  // what no rule allows is denied too
  EXPECT_EQ(same.out, "no decision changes\n");
  EXPECT_EQ(same.code, 0);
}

TEST_F(PolicyDiffTool, TellsMoreThanTheKind) {
  EXPECT_EQ(diff("s * work vault allow\n", "s * work vault allow user=root\n").out,
            "work -> vault s: allow user= -> allow user=root (30-user.policy:1)\n"
            "1 decision changes\n");
  EXPECT_EQ(diff("s * work vault allow\n", "s * work vault allow target=dom0\n").out,
            "work -> vault s: allow to vault -> allow to dom0 (30-user.policy:1)\n"
            "1 decision changes\n");
  EXPECT_EQ(diff("s * work vault ask\n",
                 "s * work vault ask\ns * work sys-usb deny\n"
                 "s * work dvm ask\n")
                .out,
            "work -> dvm s: deny -> ask (30-user.policy:3)\n"
            "work -> vault s: ask (vault) -> ask (dvm, vault) (30-user.policy:1)\n"
            "2 decisions change\n");
  EXPECT_EQ(diff("s * work vault allow\n", "").out,
            "work -> vault s: allow -> deny (no rule any more; was 30-user.policy:1)\n"
            "1 decision changes\n");
}

TEST_F(PolicyDiffTool, SumsUpWhatOneRuleDoesToMany) {
  const auto many = diff("a * work vault allow\n* * @anyvm @anyvm deny\n",
                         "a * work vault allow\n* * @anyvm @anyvm ask\n");
  EXPECT_EQ(many.code, 1);
  EXPECT_TRUE(has(many.out, "deny -> ask (30-user.policy:2): ")) << many.out;
  EXPECT_TRUE(has(many.out, "services: *, a\n")) << many.out;
  EXPECT_TRUE(has(many.out, "from:     dvm, sys-usb, vault, work\n")) << many.out;
  EXPECT_LT(many.out.size(), 1500U);
}

TEST_F(PolicyDiffTool, IsJsonForPrograms) {
  const auto changed = diff("s +x work sys-usb deny\n", "s +x work sys-usb ask\n", true);
  const json::object all = json::parse(changed.out).as_object();
  EXPECT_EQ(all.at("calls"), 1U);
  EXPECT_EQ(all.at("complete"), true);
  const json::object& group = all.at("groups").as_array().at(0).as_object();
  EXPECT_EQ(group.at("before"), "deny");
  EXPECT_EQ(group.at("rule_after"), "30-user.policy:1");
  const json::object& call = group.at("examples").as_array().at(0).as_object();
  EXPECT_EQ(call.at("service"), "s+x");
  EXPECT_EQ(call.at("after").as_object().at("decision"), "ask");
  EXPECT_EQ(json::parse(diff("", "", true).out).at("calls"), 0U);
}

TEST_F(PolicyDiffTool, TakesListsOfDirectoriesAndRefusesWhatDoesNotParse) {
  write("run/30-user.policy", "s * work vault ask\n");
  write("old/30-user.policy", "s * work vault deny\n");
  const auto shadowed = ask({"diff", path("old"), path("run") + "," + path("old")});
  EXPECT_TRUE(has(shadowed.out, "work -> vault s: deny -> ask")) << shadowed.out;
  EXPECT_EQ(ask({"diff", path("old"), path("nowhere")}).code, 2);
  EXPECT_EQ(ask({"diff", path("old")}).code, 2);
  write("old/30-user.policy", "s * work\n");
  EXPECT_TRUE(has(ask({"diff", path("old"), path("run")}).errors, "wrong number of fields"));
}

// What the short cuts of the comparison say is what asking for each call says.
TEST_F(PolicyDiffTool, AgreesWithAskingForEveryCall) {
  const std::string before =
      "a * work @anyvm ask\na +x work vault deny\nb * @anyvm @dispvm allow\n"
      "b * vault @default ask target=work\n* * @type:AppVM sys-usb allow autostart=no\n";
  const std::string after =
      "a * work vault ask\na * work @anyvm ask\nb * @anyvm @dispvm ask\nb * dvm vault allow\n"
      "b * vault @default ask target=@dispvm:dvm\n* * work vault allow autostart=no\n";
  const auto counted = json::parse(diff(before, after, true).out).as_object();
  const auto text = std::ifstream(path("system.json"));
  std::stringstream buffer;
  buffer << text.rdbuf();
  const auto system = policy::io::parse_system_info(buffer.str());
  const auto old_rules = policy::parse_policy({{"30-user.policy", before}});
  const auto new_rules = policy::parse_policy({{"30-user.policy", after}});
  ASSERT_TRUE(system && old_rules && new_rules);
  std::size_t changed = 0;
  for (const char* source : {"work", "vault", "dvm", "sys-usb"}) {
    for (const char* target :
         {"work", "vault", "dvm", "sys-usb", "dom0", "@default", "@dispvm", "@dispvm:dvm"}) {
      if (std::string_view(source) == target) continue;
      for (const char* call : {"a+x", "a+y", "b", "other"}) {
        const auto request = policy::parse_request(source, target, call);
        const auto a = policy::evaluate(*old_rules, *system, *request);
        const auto b = policy::evaluate(*new_rules, *system, *request);
        const bool same = a.kind == b.kind && a.target == b.target && a.targets == b.targets &&
                          a.default_target == b.default_target && a.user == b.user &&
                          (a.kind == policy::Decision::Kind::deny || a.autostart == b.autostart) &&
                          a.notify == b.notify;
        if (!same) ++changed;
      }
    }
  }
  EXPECT_EQ(counted.at("calls").to_number<std::size_t>(), changed);
  EXPECT_GT(changed, 10U);
}

TEST(PolicyDiffSize, AHundredQubesAndFiveHundredServicesAreQuick) {
  policy::SystemInfo system;
  for (int i = 0; i < 100; ++i) {
    system.add({.name = "q" + std::to_string(i),
                .type = "AppVM",
                .tags = {"t" + std::to_string(i % 5)},
                .running = i % 2 == 0,
                .template_for_dispvms = i % 20 == 0,
                .default_dispvm = "q0"});
  }
  const auto make = [](const std::string& last) {
    std::string text;
    for (int i = 0; i < 500; ++i) {
      const std::string number = std::to_string(i);
      text += "s" + number + " +x q" + std::to_string(i % 100) + " @anyvm ask\n";
      text += "s" + number + " * @tag:t" + std::to_string(i % 5) + " q" + std::to_string(i % 7) +
              " allow\n";
    }
    return policy::parse_policy({{"f", text + "* * @anyvm @anyvm " + last + "\n"}});
  };
  const auto before = make("deny");
  const auto after = make("ask");
  const auto started = std::chrono::steady_clock::now();
  const auto diff = policy::compare_policies(*before, *after, system);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  EXPECT_GT(diff.calls, 5000000U);
  EXPECT_LT(describe_diff(diff).size(), 2000000U);
  EXPECT_LT(took.count(), 60.0) << "a minute is for a slow machine under sanitizers";
  RecordProperty("seconds", std::to_string(took.count()));
}

class PolicyGraph : public tests::PolicyTool {};

TEST_F(PolicyGraph, DrawsWhatIsAllowedAndAsked) {
  write("etc/qubes/policy.d/30-user.policy",
        "qubes.USB +2-1 work sys-usb allow\nqubes.USB * work sys-usb ask\n"
        "s.Deny * work sys-usb deny\ns.Admin * sys-usb @anyvm allow target=dom0\n");
  const auto drawn = ask({"graph"});
  EXPECT_EQ(drawn.code, 0) << drawn.errors;
  const std::string edge = "  \"work\" -> \"sys-usb\" [label=\"";
  EXPECT_TRUE(drawn.out.starts_with("digraph policy {\n"));
  EXPECT_TRUE(drawn.out.ends_with("}\n"));
  EXPECT_TRUE(has(drawn.out, edge + "qubes.USB+2-1\\n30-user.policy:1\", color=\"#1b7f3b\""))
      << drawn.out;
  EXPECT_TRUE(has(drawn.out, edge + "qubes.USB+* (ask)\\n30-user.policy:2\", color=\"#c77700\""));
  EXPECT_TRUE(has(drawn.out, "  \"sys-usb\" -> \"dom0\" [label=\"s.Admin\\n"));
  EXPECT_FALSE(has(drawn.out, "s.Deny"));
  EXPECT_EQ(drawn.out, ask({"graph"}).out);
  const auto one = ask({"graph", "--service", "s.Admin"});
  EXPECT_FALSE(has(one.out, "qubes.USB")) << one.out;
  EXPECT_TRUE(has(one.out, "s.Admin"));
  EXPECT_FALSE(has(ask({"graph", "--source", "work"}).out, "s.Admin"));
  EXPECT_TRUE(has(ask({"graph", "--service", "qubes.USB+2-1"}).out, "qubes.USB+2-1"));
  EXPECT_TRUE(has(ask({"graph", "--service", "qubes.USB+3"}).out, edge + "qubes.USB+3 (ask)"));
}

TEST_F(PolicyGraph, NamesCannotLeaveTheirQuotes) {
  write("system.json", R"({"domains": {"a\"]; evil [label=\"\\": {"type": "AppVM"},
                                       "sys-usb": {"type": "AppVM"}}})");
  write("etc/qubes/policy.d/30-user.policy", "s * @anyvm sys-usb allow\n");
  const auto drawn = ask({"graph"});
  EXPECT_TRUE(has(drawn.out, R"("a\"]; evil [label=\"\\\\" -> "sys-usb")")) << drawn.out;
}

TEST_F(PolicyGraph, RefusesWhatItCannotDraw) {
  EXPECT_EQ(ask({"graph", "--source", "nosuch"}).code, 2);
  EXPECT_EQ(ask({"graph", "--service", "+x"}).code, 2);
  EXPECT_EQ(ask({"graph", "extra"}).code, 2);
  EXPECT_EQ(run({"graph"}).code, 1);
  write("etc/qubes/policy.d/30-user.policy", "nonsense\n");
  EXPECT_EQ(ask({"graph"}).code, 1);
}

}  // namespace
