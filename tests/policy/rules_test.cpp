// SPDX-License-Identifier: GPL-2.0-or-later
// The policy text: what parses, what is refused with which words, and where includes end.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "policy/request.hpp"
#include "policy/ruleset.hpp"

namespace {

using policy::parse_policy;

std::string error_of(const std::string& text) {
  const auto parsed = parse_policy({{"f", text}});
  return parsed ? "" : parsed.error().text;
}

class Memory : public policy::IncludeSource {
 public:
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> legacy;
  base::Result<policy::PolicyFile> file(const std::string& path) override {
    if (!files.contains(path)) return base::fail("not a file: " + path);
    return policy::PolicyFile{path, files[path]};
  }
  base::Result<std::vector<std::string>> directory(const std::string& path) override {
    std::vector<std::string> found;
    for (const auto& [name, text] : files) {
      if (name.starts_with(path + "/")) found.push_back(name);
    }
    if (found.empty()) return base::fail("not a directory: " + path);
    return found;
  }

  base::Result<std::vector<std::string>> legacy_names() override {
    std::vector<std::string> names;
    for (const auto& [name, text] : legacy) names.push_back(name);
    return names;
  }
  base::Result<policy::PolicyFile> legacy_file(const std::string& name) override {
    return policy::PolicyFile{name, legacy[name]};
  }
};

TEST(PolicyText, KeepsOrderAcrossFilesAndLines) {
  const auto rules = parse_policy({{"a", "# no rule\n\n s.A * work vault deny\n"},
                                   {"b", "s.B +x * @anyvm ask user=root notify=yes"}});
  ASSERT_TRUE(rules) << rules.error().text;
  ASSERT_EQ(rules->rules().size(), 2U);
  EXPECT_EQ(rules->rules()[0].where(), "a:3");
  EXPECT_TRUE(rules->rules()[0].notify);
  EXPECT_EQ(rules->rules()[1].where(), "b:1");
  EXPECT_EQ(rules->rules()[1].user, "root");
  EXPECT_TRUE(rules->rules()[1].autostart);
}

TEST(PolicyText, NamesFileAndLineOfTheMistake) {
  EXPECT_EQ(error_of("* * * * allow\ns.A * work vault\n"), "f:2: wrong number of fields");
  EXPECT_EQ(error_of("s.A * work vault Allow"), "f:1: invalid action: Allow");
  EXPECT_EQ(error_of("s/A * work vault allow"),
            "f:1: service 's/A' contains invalid characters: ('/',)");
  EXPECT_EQ(error_of("s.A +a/b! work vault allow"),
            "f:1: argument '+a/b!' contains invalid characters: ('/', '!')");
  EXPECT_EQ(error_of("s.A * work @dispvm:@type:x allow"),
            "f:1: invalid target token: '@dispvm:@type:x'");
  EXPECT_EQ(error_of("s.A * work @dispvm:@tag: allow"),
            "f:1: invalid empty @dispvm:@tag: token: '@dispvm:@tag:'");
  EXPECT_EQ(error_of("s.A * work vault deny autostart=no"),
            "f:1: invalid parameters for action Deny: ['autostart=no']");
  EXPECT_EQ(error_of("!compat-4.0"), "f:1: !compat-4.0 has no legacy directory here");
}

TEST(PolicyText, EscapesWhatItQuotes) {
  EXPECT_EQ(error_of(std::string("s.A * \x1b[2J") + "@x vault \x1b[31m"),
            "f:1: invalid action: \\x1b[31m");
  EXPECT_EQ(error_of("s.A * @\xe2\x80\xae vault allow"),
            "f:1: invalid source token: '@\\xe2\\x80\\xae'");
}

TEST(PolicyText, ReadsTheLegacyDirectory) {
  Memory memory;
  memory.legacy = {{"s.B", "$anyvm vault ask,user=root\n"},
                   {"s.A+y", "work vault allow\n"},
                   {"s.A", "work vault deny\n"},
                   {"s.A+x", "work vault allow\n"},
                   {".s.C", "nonsense"},
                   {"s.C.rpmsave", "nonsense"},
                   {"s.C~", "nonsense"}};
  const auto rules = parse_policy({{"f", "!compat-4.0\ns.D * work vault deny\n"}}, &memory);
  ASSERT_TRUE(rules) << rules.error().text;
  std::string order;
  for (const auto& rule : rules->rules()) {
    order += rule.service + " " + rule.argument + " " + rule.where() + "\n";
  }
  EXPECT_EQ(order,
            "s.A +x s.A+x:1\ns.A +x s.A+x:None\ns.A +x s.A+x:None\n"
            "s.A +y s.A+y:1\ns.A +y s.A+y:None\ns.A +y s.A+y:None\n"
            "s.A * s.A:1\ns.B * s.B:1\ns.D * f:2\n");
  EXPECT_EQ(rules->rules()[7].user, "root");
  EXPECT_EQ(rules->rules()[7].source.kind(), policy::Token::Kind::any_vm);
  memory.legacy = {{"s.A", "!compat-4.0\n"}};
  const auto recursive = parse_policy({{"f", "!compat-4.0"}}, &memory);
  ASSERT_FALSE(recursive);
  EXPECT_EQ(recursive.error().text, "s.A:1: !compat-4.0 is not recursive");
}

TEST(PolicyText, RefusesEveryIncludeWithoutASource) {
  EXPECT_EQ(error_of("!include x"), "f:1: not a file: x");
  EXPECT_EQ(error_of("!include-dir x"), "f:1: not a directory: x");
  EXPECT_EQ(error_of("!include-service s * x"), "f:1: not a file: x");
  EXPECT_EQ(error_of("!include"), "f:1: invalid number of params");
  EXPECT_EQ(error_of("!"), "f:1: invalid directive");
}

TEST(PolicyText, IncludesInPlace) {
  Memory memory;
  memory.files = {
      {"d/1", "s.B * * * deny"}, {"d/2", "s.C * * * deny"}, {"v", "$anyvm dom0 ask,user=u"}};
  const auto rules = parse_policy(
      {{"f", "s.A * * * deny\n!include-dir d\n!include-service s.D +x v\ns.E * * * deny"}},
      &memory);
  ASSERT_TRUE(rules) << rules.error().text;
  std::string order;
  for (const auto& rule : rules->rules()) order += rule.service + "@" + rule.where() + " ";
  EXPECT_EQ(order, "s.A@f:1 s.B@d/1:1 s.C@d/2:1 s.D@v:1 s.E@f:4 ");
  EXPECT_EQ(rules->rules()[3].argument, "+x");
  EXPECT_EQ(rules->rules()[3].user, "u");
}

TEST(PolicyText, CyclesAndExplosionsEndInAnError) {
  Memory memory;
  memory.files = {{"a", "!include b\n"}, {"b", "\n!include a\n"}};
  auto parsed = parse_policy({{"f", "!include a"}}, &memory);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().text, "b:2: include cycle: 'a' includes itself");

  memory.files.clear();
  for (int i = 0; i < 20; ++i) {
    const std::string next = "!include n" + std::to_string(i + 1) + "\n";
    memory.files["n" + std::to_string(i)] = next;
  }
  parsed = parse_policy({{"f", "!include n0"}}, &memory);
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.error().text.find("nested deeper than 16"), std::string::npos);

  for (auto& [name, text] : memory.files) text += text + text;
  memory.files["n10"] = "";
  parsed = parse_policy({{"f", "!include n0"}}, &memory);
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.error().text.find("more than 1000 includes"), std::string::npos);
}

TEST(PolicyText, BoundsTheNumberOfRules) {
  std::string text;
  for (std::size_t i = 0; i <= policy::Ruleset::max_rules; ++i) text += "* * * * deny\n";
  EXPECT_EQ(error_of(text), "f:20001: more than 20000 rules in all");
}

TEST(PolicyText, EveryShorterInputParsesOrExplains) {
  const std::string text = "s.A +x @tag:t @dispvm:@tag:u ask default_target=dom0 notify=yes\n";
  for (std::size_t size = 0; size < text.size(); ++size) {
    const auto parsed = parse_policy({{"f", text.substr(0, size)}});
    if (parsed) continue;
    EXPECT_TRUE(parsed.error().text.starts_with("f:1: ")) << parsed.error().text;
  }
}

TEST(PolicyRequest, SplitsAtTheFirstPlus) {
  const auto request = policy::parse_request("work", "sys-usb", "qubes.USB+2-1.4+x");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->service, "qubes.USB");
  EXPECT_EQ(request->argument, "+2-1.4+x");
  EXPECT_EQ(policy::call_name(*request), "qubes.USB+2-1.4+x");
  const auto bare = policy::parse_request("work", "", "qubes.USB");
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->argument, "+");
  EXPECT_EQ(bare->target, "@default");
  EXPECT_EQ(policy::call_name(*bare), "qubes.USB");
}

TEST(PolicyRequest, ReplacesWhatIsInNoNameAndRefusesTheRest) {
  const auto request = policy::parse_request("work", "sys usb\n*", "a/b\x1b+\xff");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->service, "a_b_");
  EXPECT_EQ(request->argument, "+_");
  EXPECT_EQ(request->target, "sys_usb__");
  EXPECT_FALSE(policy::parse_request("work", "x", ""));
  EXPECT_FALSE(policy::parse_request("work", "x", "+x"));
  EXPECT_FALSE(policy::parse_request("work", "x", std::string(policy::max_call + 1, 'a')));
  EXPECT_FALSE(policy::parse_request("work", std::string(80, 'a'), "s"));
}

}  // namespace
