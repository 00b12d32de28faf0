// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport policy` itself, on files, and misused.
#include "tests/policy/tool_fixture.hpp"

namespace {

class PolicyTool : public tests::PolicyTool {
 protected:
  Result eval(std::vector<std::string> words, const std::string& input = {}) {
    words.insert(words.begin(), "eval");
    return ask(std::move(words), input);
  }
};

TEST_F(PolicyTool, DecidesOneCallByTheFilesOnDisk) {
  const auto allowed = eval({"work", "sys-usb", "qubes.USB+2-1"});
  EXPECT_EQ(allowed.code, 0) << allowed.errors;
  EXPECT_NE(allowed.out.find(R"("decision":"allow")"), std::string::npos) << allowed.out;
  EXPECT_NE(allowed.out.find(R"("call":"qubes.USB+2-1")"), std::string::npos) << allowed.out;
  const auto denied = eval({"sys-usb", "work", "qubes.USB+2-1"});
  EXPECT_NE(denied.out.find("no matching rule found"), std::string::npos) << denied.out;
}

TEST_F(PolicyTool, TakesOtherFoldersInTheirOrder) {
  write("one/30-user.policy", "qubes.USB * work sys-usb deny\n");
  write("two/10-compat.policy", "!compat-4.0\n");
  write("legacy/s.Old", "work sys-usb allow\n");
  const std::vector<std::string> folders{"--policy-dir", (root_ / "one").string(),
                                         "--policy-dir", (root_ / "two").string(),
                                         "--compat-dir", (root_ / "legacy").string()};
  auto words = folders;
  words.insert(words.end(), {"work", "sys-usb", "s.Old"});
  EXPECT_NE(eval(words).out.find(R"("decision":"allow")"), std::string::npos) << eval(words).out;
  words.back() = "qubes.USB";
  EXPECT_NE(eval(words).out.find(R"("decision":"deny")"), std::string::npos);
}

TEST_F(PolicyTool, ABadCaseSpoilsNoOther) {
  const auto answers = eval({"--batch"},
                            "nonsense\n[]\n{}\n"
                            R"({"policy": {"__main__": "* * * * allow"}, "source": "work",)"
                            R"( "target": "sys-usb", "service": "s"})"
                            "\n");
  EXPECT_EQ(answers.code, 0);
  std::istringstream lines(answers.out);
  std::string line;
  for (const char* kind : {"no JSON", "not a JSON object", "no policy", R"("decision":"allow")"}) {
    ASSERT_TRUE(std::getline(lines, line));
    EXPECT_NE(line.find(kind), std::string::npos) << line;
  }
}

TEST_F(PolicyTool, MisuseNamesTheRemedy) {
  EXPECT_EQ(run({}).code, 2);
  EXPECT_EQ(run({"evaluate"}).code, 2);
  EXPECT_NE(run({"eval", "a", "b", "c"}).errors.find("--system-info FILE"), std::string::npos);
  EXPECT_EQ(eval({"work", "sys-usb"}).code, 2);
  EXPECT_EQ(eval({"--nonsense"}).code, 2);
  EXPECT_NE(eval({"--batch", "a"}).errors.find("standard input"), std::string::npos);
  EXPECT_EQ(run({"why", "--batch"}).code, 2);  // another command's option
  const auto missing = run({"eval", "--system-info", "/nowhere/x", "a", "b", "c"});
  EXPECT_EQ(missing.code, 1);
  EXPECT_NE(missing.errors.find("/nowhere/x"), std::string::npos);
  write("system.json", "[]");
  EXPECT_NE(eval({"a", "b", "c"}).errors.find("domains"), std::string::npos);
  EXPECT_EQ(run({"--help"}).code, 0);
  EXPECT_NE(run({"diff", "--help"}).out.find("OLD"), std::string::npos);
}

TEST_F(PolicyTool, AsksTheDaemonWhichQubesThereAre) {
  std::stringstream in;
  std::stringstream out;
  std::stringstream errors;
  std::string answer = R"({"domains": {"work": {}, "sys-usb": {"power_state": "Running"}}})";
  const policy::io::ToolWorld world{.paths = base::io::Paths(root_),
                                    .in = in,
                                    .out = out,
                                    .errors = errors,
                                    .fetch_system_info = [&answer]() -> base::Result<std::string> {
                                      if (answer.empty()) return base::fail("nobody is there");
                                      return answer;
                                    }};
  EXPECT_EQ(policy::io::run_policy_tool({"eval", "work", "sys-usb", "qubes.USB"}, world), 0);
  EXPECT_NE(out.str().find(R"("decision":"allow")"), std::string::npos) << out.str();
  answer.clear();
  EXPECT_EQ(policy::io::run_policy_tool({"eval", "work", "sys-usb", "qubes.USB"}, world), 1);
  EXPECT_NE(errors.str().find("give --system-info FILE"), std::string::npos) << errors.str();
  EXPECT_NE(errors.str().find("nobody is there"), std::string::npos) << errors.str();
  // Without them the grammar can still be checked.
  EXPECT_EQ(policy::io::run_policy_tool({"check"}, world), 0);
}

}  // namespace
