// SPDX-License-Identifier: GPL-2.0-or-later
// What the lint says of each kind of mistake, where, and what it leaves alone.
#include "policy/lint.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "policy/near_word.hpp"
#include "policy/rule_cover.hpp"

namespace {

using policy::Finding;

class LintFiles : public policy::IncludeSource {
 public:
  std::map<std::string, std::string> files;
  base::Result<policy::PolicyFile> file(const std::string& path) override {
    if (!files.contains(path)) return base::fail("not a file: " + path);
    return policy::PolicyFile{path, files[path]};
  }
  base::Result<std::vector<std::string>> directory(const std::string& path) override {
    return base::fail("not a directory: " + path);
  }
  base::Result<std::vector<std::string>> legacy_names() override {
    return std::vector<std::string>{"s.Old"};
  }
  base::Result<policy::PolicyFile> legacy_file(const std::string& name) override {
    return policy::PolicyFile{name, files[name]};
  }
};

// "LINE:COLUMN+LENGTH e|w text" for each finding, a line each.
std::string findings_in(const policy::LintReport& report) {
  std::string all;
  for (const Finding& each : report.findings) {
    all += (each.file == "f" ? "" : each.file + ":") + std::to_string(each.line) + ":" +
           std::to_string(each.column) + "+" + std::to_string(each.length) +
           (each.severity == Finding::Severity::error ? " e " : " w ") + each.text + "\n";
  }
  return all;
}

std::string lint(const std::string& text) {
  const auto report = policy::lint({{"f", text}}, {});
  bool error = false;
  for (const Finding& each : report.findings) error |= each.severity == Finding::Severity::error;
  EXPECT_EQ(error, !policy::parse_policy({{"f", text}})) << text;
  return findings_in(report);
}

policy::SystemInfo lint_qubes() {
  policy::SystemInfo system;
  system.add({.name = "work", .tags = {"office"}, .uuid = "11111111-2222-3333-4444-555555555555"});
  system.add({.name = "sys-usb"});
  system.add({.name = "dvm", .template_for_dispvms = true});
  return system;
}

std::string lint_with_qubes(const std::string& text) {
  const policy::SystemInfo system = lint_qubes();
  return findings_in(policy::lint({{"f", text}}, {.system = &system}));
}

TEST(PolicyLint, LeavesGoodPoliciesAlone) {
  EXPECT_EQ(lint("# comment\n\n  s.A +x work @dispvm:dvm ask default_target=@dispvm notify=yes\r\n"
                 "s.A * @tag:t dom0 allow target=dom0 user= autostart=no\n"
                 "s.B * @anyvm @default ask target=vault\n"
                 "* * @anyvm @anyvm deny\n"),
            "");
  EXPECT_EQ(lint(""), "");
}

TEST(PolicyLint, SaysWhatDoesNothingHere) {
  EXPECT_EQ(lint("qubes.USB +2-1 work sys-usb allow user=root autostart=yes\n"),
            "1:35+9 w does nothing here: services run as the user of their qube's agent; take it "
            "out\n"
            "1:45+13 w does nothing here: no call starts a qube, one to a halted qube is denied; "
            "start it with sallyport-qube start, and take this out\n");
}

TEST(PolicyLint, NamesAllMistakesOfALineAndOfAllLines) {
  EXPECT_EQ(lint("s.A * @anyvn @type: Allow usr=x\n\n\ts * * *\n"),
            "1:7+6 e invalid source token: '@anyvn': did you mean '@anyvm'?\n"
            "1:14+6 e invalid empty @type: token: '@type:': a name must stand behind the colon\n"
            "1:21+5 e invalid action: Allow: did you mean 'allow'? Actions are written in small "
            "letters\n"
            "1:27+5 e invalid parameters for action Ask: ['usr=x']: did you mean 'user=x'?\n"
            "3:2+7 e wrong number of fields: the action is missing; write allow, deny or ask "
            "behind the target\n");
}

TEST(PolicyLint, NamesTheMissingColumn) {
  EXPECT_EQ(lint("s work vault allow"),
            "1:1+18 e wrong number of fields: the argument is missing behind the service; write "
            "'*' for any: 's * work vault allow'\n");
  EXPECT_NE(lint("s work vault allow user=root").find("argument is missing"), std::string::npos);
  EXPECT_NE(lint("s * vault allow").find("the source or the target is missing"), std::string::npos);
  EXPECT_NE(lint("$anyvm $anyvm deny").find("/etc/qubes-rpc/policy"), std::string::npos);
  EXPECT_NE(lint("s * allow").find("the source and the target"), std::string::npos);
  EXPECT_NE(lint("s").find("found 1 word"), std::string::npos);
  EXPECT_EQ(lint("s * work vault dom0 deny"),
            "1:16+4 e the action should stand here, but there is one column too many before "
            "'deny'\n");
}

TEST(PolicyLint, KnowsTheOldFormat) {
  EXPECT_EQ(lint("s * work vault allow,user=root,target=dom0"),
            "1:16+27 e invalid action: allow,user=root,target=dom0: a comma-separated parameter "
            "list is the old format: write 'allow user=root target=dom0'\n");
  EXPECT_NE(lint("s * work vault ask target=a,default_target=a").find("put a blank between"),
            std::string::npos);
  EXPECT_EQ(lint("s * $anyvm $tag:x allow\ns * $work b allow\n"),
            "1:5+6 w '$anyvm' is a qube's name here; write '@anyvm'\n"
            "1:12+6 w '$tag:x' is a qube's name here; write '@tag:x'\n"
            "2:5+5 w '$work' is a qube's name here\n");
}

TEST(PolicyLint, KnowsWhatOthersCallAnAction) {
  for (const auto& [written, meant] : std::map<std::string, std::string>{
           {"permit", "allow"}, {"drop", "deny"}, {"confirm", "ask"}, {"alow", "allow"}}) {
    EXPECT_NE(lint("s * a b " + written).find("did you mean '" + meant + "'"), std::string::npos);
  }
  EXPECT_NE(lint("s * a b whatever").find("one of allow, deny and ask"), std::string::npos);
}

TEST(PolicyLint, SaysWhichTokensAreLegalWhere) {
  const auto says = [](const std::string& text, const std::string& part) {
    EXPECT_NE(lint(text).find(part), std::string::npos) << lint(text);
  };
  says("s * @default b allow", "only a target can be @default");
  says("s * @dispvm b allow", "@type:DispVM");
  says("s * a @dipsvm:x allow", "did you mean '@dispvm:x'?");
  says("s * a @DispVM ask", "did you mean '@dispvm'?");
  says("s * a @dispvm: ask", "did you mean '@dispvm', or '@dispvm:NAME'?");
  says("s * a @dispvm:@type:x ask", "did you mean '@dispvm:@tag:x'?");
  says("s * a @nonsense ask", "the keywords are @anyvm");
  says("s * a b ask target=*", "exactly one qube can stand here");
  says("s * a b ask target=@default", "it names no qube");
  says("s * a b ask target=", "nothing stands behind the '='");
}

TEST(PolicyLint, SaysWhichParametersAreLegalWhere) {
  const auto says = [](const std::string& text, const std::string& part) {
    EXPECT_NE(lint(text).find(part), std::string::npos) << lint(text);
  };
  says("s * a b deny target=c", "a deny goes nowhere");
  says("s * a b allow default_target=c", "only 'ask' takes 'default_target='");
  says("s * a b deny timeout=3", "only 'ask' takes 'timeout='");
  says("s * a b ask notify=true", "did you mean 'notify=yes'?");
  says("s * a b ask autostart=off", "did you mean 'autostart=no'?");
  says("s * a b ask default-target=c", "did you mean 'default_target=c'?");
  says("s * a b ask User=c", "did you mean 'user=c'?");
  says("s * a b ask user:c", "did you mean 'user=c'?");
  says("s * a b ask user=c user=d", "parameter given twice: 'user'");
  says("s * a b ask quux=d", "no parameter has this name");
  says("s * a b allow # why", "a comment must stand on a line of its own");
  says("s * a b allow usbguard=nowhere", "1:15+16 e not a file: nowhere");
  EXPECT_EQ(lint("s * a b allow user = root"),
            "1:15+4 e invalid action parameter syntax: 'user': no blanks around '='; did you mean "
            "'user=root'?\n");
  EXPECT_EQ(lint("s * a @default allow"),
            "1:1+20 e allow action for @default rule must specify target= option: write behind "
            "the action the qube that is meant when the caller names none\n");
}

TEST(PolicyLint, SaysWhatIsWrongWithServices) {
  EXPECT_EQ(lint("qubes.USB+2-1 * a b deny"),
            "1:1+13 e service 'qubes.USB+2-1' contains invalid characters: ('+',): the argument is "
            "a column of its own: write 'qubes.USB +2-1'\n");
  EXPECT_EQ(lint("qubes.USB 2-1 a b deny"),
            "1:11+3 e argument '2-1' does not start with +: did you mean '+2-1', or '*' for any "
            "argument?\n");
  EXPECT_EQ(lint("* +x a b deny"), "1:3+2 e only * argument allowed for * service\n");
  EXPECT_NE(lint("\xef\xbb\xbfs * a b deny").find("byte order mark"), std::string::npos);
}

TEST(PolicyLint, KnowsTheDirectives) {
  EXPECT_EQ(lint("!inlcude x\n!include\n!include x\n!compat\n!Include-Dir x\ninclude x\n"),
            "1:1+8 e invalid directive: did you mean '!include'?\n"
            "2:1+8 e invalid number of params: write '!include FILE'\n"
            "3:10+1 e not a file: x\n"
            "4:1+7 e invalid directive: did you mean '!compat-4.0'?\n"
            "5:1+12 e invalid directive: did you mean '!include-dir'?\n"
            "6:1+9 e wrong number of fields: did you mean '!include'?\n");
  EXPECT_EQ(lint("!include-service s x f"),
            "1:20+1 e argument 'x' does not start with +: did you mean '+x', or '*' for any "
            "argument?\n");
}

TEST(PolicyLint, FollowsIncludesAndTheOldFormInThem) {
  LintFiles memory;
  memory.files = {{"three", "$anyvm dom0 Ask,user=u\n!include-dir x\n"},
                  {"s.Old", "$anyvm\n"},
                  {"five", "s * a\n"},
                  {"self", "!include self\n"}};
  const std::string text =
      "!include-service s * three\n!include five\n!include five\n!compat-4.0\n!include self\n";
  const auto report = policy::lint({{"f", text}}, {.includes = &memory});
  EXPECT_EQ(findings_in(report),
            "three:1:13+3 e invalid action: Ask: did you mean 'ask'? Actions are written "
            "in small letters\n"
            "three:2:1+12 e invalid directive: a file of three columns can only !include\n"
            "five:1:1+5 e wrong number of fields: a rule is SERVICE ARGUMENT SOURCE TARGET ACTION "
            "[PARAMETER...]; found 3 words\n"
            "s.Old:1:1+6 e wrong number of fields: the line is SOURCE TARGET ACTION "
            "[PARAMETER...]\n"
            "self:1:10+4 e include cycle: 'self' includes itself\n");
}

TEST(PolicyLint, ChecksAFileOfThreeColumnsAlone) {
  const auto report = policy::lint({{"f", "$anyvm dom0 allow,user=x\ns * a b allow\n"}},
                                   {.form = policy::RuleForm::three_columns});
  EXPECT_EQ(report.rules, 1U);
  EXPECT_NE(findings_in(report).find("2:"), std::string::npos);
}

TEST(PolicyLint, ALineOfCommasHasNoColumns) {
  const auto report =
      policy::lint({{"f", "work sys-usb ask\n,,\n"}}, {.form = policy::RuleForm::three_columns});
  EXPECT_EQ(findings_in(report), "2:1+2 e wrong number of fields: only commas stand here\n");
}

TEST(PolicyLint, NamesRulesThatCanNeverMatch) {
  EXPECT_EQ(lint("s.A * work @anyvm ask\n"
                 "s.A +x work vault allow\n"
                 "s.A * work dom0 allow\n"    // @anyvm is not dom0
                 "s.A * @tag:t vault deny\n"  // another source
                 "s.B +x work vault allow\n"
                 "s.B * work vault allow\n"  // wider
                 "s.A * work @anyvm ask\n"
                 "* * * * deny\n"
                 "s.C * work vault allow target=dom0\n"),
            "2:1+23 w can never match: 's.A * work @anyvm ask' at line 1 stands before it and "
            "covers it\n"
            "7:1+21 w says again what stands at line 1\n"
            "9:1+34 w can never match: '* * * * deny' at line 8 stands before it and denies all\n");
  EXPECT_EQ(lint("s.A * work @anyvm ask device=known\ns.A * work vault allow\n"), "")
      << "a rule with a condition hides nothing";
  EXPECT_NE(lint("s.A * work @anyvm ask\ns.A * work @default allow target=dom0\n")
                .find("it only adds 'dom0' to what an ask offers"),
            std::string::npos);
}

TEST(PolicyLint, LeavesDefaultsThatAreOverriddenAlone) {
  const std::string rule = "s.A * @anyvm @anyvm deny\n";
  const auto findings = [&](const std::string& first, const std::string& then) {
    return policy::lint({{first, rule}, {then, rule}}, {}).findings.size();
  };
  EXPECT_EQ(findings("/x/30-user.policy", "/x/90-default.policy"), 0U);
  EXPECT_EQ(findings("/x/30-user.policy", "/x/40-more.policy"), 1U);
  EXPECT_EQ(policy::lint({{"90-default.policy", rule + rule}}, {}).findings.size(), 1U);
}

TEST(PolicyLint, NamesServicesThatDifferOnlyInCase) {
  EXPECT_EQ(lint("qubes.Usb * a b deny\nmy.Own * a b deny\nmy.own * a b deny\n"),
            "1:1+9 w the service is written 'qubes.USB'; large and small letters make different "
            "services\n"
            "3:1+6 w the service is written 'my.Own' in a rule before; large and small letters "
            "make different services\n");
}

TEST(PolicyLint, WarnsOfRulesThatDoNotWhatTheySay) {
  const auto says = [](const std::string& text, const std::string& part) {
    EXPECT_NE(lint(text).find(part), std::string::npos) << lint(text);
  };
  says("s * work work allow", "cannot call itself");
  says("s * dom0 work allow", "calls of dom0 itself");
  says("s * @dispvm:a work allow", "a running disposable calls under its own name");
  says("s * a @dispvm allow autostart=no", "1:21+12 w denies every call");
  says("s * a b ask target=c default_target=d", "is never taken: target=c");
  says("s * a @default ask", "there is nothing to choose from");
  EXPECT_EQ(lint("s * a @default ask\ns * a vault ask\n"), "");
  says("qubes.USB * @anyvm @anyvm allow", "gives any qube this service of any other");
  says("* * work @anyvm allow", "gives 'work' every service of any other");
  says("s * a b/c allow", "no qube can be called 'b/c'");
  says("s * anyvm b allow", "did you mean '@anyvm'?");
  says("s * a Dom0 allow", "did you mean 'dom0'?");
  says("s * @type:AppVm b allow", "no qube is of type 'AppVm'; did you mean 'AppVM'?");
}

TEST(PolicyLint, NamesQubesThatDoNotExist) {
  EXPECT_EQ(lint_with_qubes("s * wrok sys-usb allow\ns * work nowhere ask target=sysusb\n"
                            "s * work @dispvm:work ask\ns * work @dispvm:dvn ask\n"
                            "s * @tag:ofice sys-usb ask\ns * @tag:other sys-usb ask\n"
                            "s * uuid:11111111-2222-3333-4444-555555555555 dvm allow\n"),
            "1:5+4 w there is no qube 'wrok'; did you mean 'work'?\n"
            "2:10+7 w there is no qube 'nowhere'\n"
            "2:29+6 w there is no qube 'sysusb'; did you mean 'sys-usb'?\n"
            "3:10+12 w 'work' is no template for disposables, so such a call is denied\n"
            "4:10+11 w there is no qube 'dvn'; did you mean 'dvm'? An ask that this rule could add "
            "to is denied\n"
            "5:5+10 w no qube has the tag 'ofice'; did you mean 'office'?\n");
  EXPECT_EQ(lint_with_qubes("s * work sys-usb deny\n"
                            "s * uuid:11111111-2222-3333-4444-555555555555 sys-usb deny\n"),
            "2:1+58 w can never match: 's * work sys-usb deny' at line 1 stands before it and "
            "covers it\n");
}

TEST(PolicyLint, ShowsTheLineWithAMarkWhateverIsInIt) {
  const auto report = policy::lint({{"f\x1b", "\ts * @\x1b[31m b allow\n"}}, {});
  ASSERT_EQ(report.findings.size(), 1U);
  const std::string text = render(report.findings[0]);
  EXPECT_TRUE(text.starts_with("f\\x1b:1:6: error: ")) << text;
  EXPECT_TRUE(text.ends_with("\n   s * @\\x1b[31m b allow\n       ^~~~~~~~~\n")) << text;
}

TEST(PolicyLint, IsBoundedInAllItSays) {
  const std::string word(100000, 'x');
  std::string text = word + " * @" + word + " @" + word + " " + word + " " + word + "=" + word;
  const auto report = policy::lint({{"f", text}}, {});
  ASSERT_GE(report.findings.size(), 4U);
  for (const Finding& each : report.findings) EXPECT_LT(render(each).size(), 4000U);

  std::string many;
  for (std::size_t i = 0; i < policy::max_findings * 2; ++i) many += "nonsense\n";
  const auto full = policy::lint({{"f", many}}, {});
  EXPECT_LE(full.findings.size(), policy::max_findings);
  EXPECT_FALSE(full.complete);
}

// However many warnings stand before it, a mistake is named.
TEST(PolicyLint, WarningsNeverHideAMistake) {
  std::string text;
  for (std::size_t i = 0; i < policy::max_findings * 2; ++i)
    text +=
        "s * $x y"
        "\t"
        "allow\n";
  EXPECT_NE(lint(text + "s * a b Allow\n").find(" e invalid action: Allow"), std::string::npos);
}

TEST(PolicyLint, FindsErrorsExactlyWhereParsingFails) {
  const std::string text =
      "s.A +x @tag:t @dispvm:@tag:u ask default_target=dom0 notify=yes\n"
      "!include-service s * x\n";
  for (std::size_t size = 0; size < text.size(); ++size) lint(text.substr(0, size));
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char c : {' ', '@', '+', '=', ',', '\n', '\x80'}) {
      std::string other = text;
      other[at] = c;
      lint(other);
    }
  }
}

TEST(PolicyLint, IsQuickWithManyRules) {
  std::string text;
  for (std::size_t i = 0; i < policy::Ruleset::max_rules; ++i) {
    text += "s" + std::to_string(i % 7) + " +" + std::to_string(i) + " work vault allow\n";
  }
  const auto report = policy::lint({{"f", text}}, {});
  EXPECT_EQ(report.rules, policy::Ruleset::max_rules);
  EXPECT_EQ(report.findings.size(), 0U);
}

TEST(NearWord, CountsSlips) {
  const auto near = [](const std::string& written) {
    policy::NearWord word(written);
    for (const char* known : {"@anyvm", "@adminvm", "ask"}) word.consider(known);
    return word.best().value_or("");
  };
  EXPECT_EQ(near("@anyvm"), "@anyvm");
  EXPECT_EQ(near("@aynvm"), "@anyvm");
  EXPECT_EQ(near("@anvm"), "@anyvm");
  EXPECT_EQ(near("@ADMINVM"), "@adminvm");
  EXPECT_EQ(near("aks"), "ask");
  EXPECT_EQ(near("abc"), "");
  EXPECT_EQ(near(""), "");
  EXPECT_EQ(near(std::string(10000, 'a')), "");
}

}  // namespace
