// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport policy` itself, on files, and misused.
#include "policy/io/tool.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/fakes/folder.hpp"

namespace {

class PolicyTool : public testing::Test {
 protected:
  struct Result {
    int code = -1;
    std::string out;
    std::string errors;
  };
  void SetUp() override {
    write("etc/qubes/policy.d/30-user.policy", "qubes.USB * work sys-usb allow\n");
    std::filesystem::create_directories(root_ / "run/qubes/policy.d");
    write("system.json",
          R"({"domains": {"work": {"type": "AppVM", "power_state": "Running", "tags": ["a"]},
              "sys-usb": {"type": "AppVM", "power_state": "Running"}}})");
  }
  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  Result run(std::vector<std::string> words, const std::string& input = {}) {
    std::stringstream in(input);
    std::stringstream out;
    std::stringstream errors;
    const int code = policy::io::run_policy_tool(words, base::io::Paths(root_), in, out, errors);
    return {.code = code, .out = out.str(), .errors = errors.str()};
  }
  Result eval(std::vector<std::string> words, const std::string& input = {}) {
    words.insert(words.begin(), {"eval", "--system-info", (root_ / "system.json").string()});
    return run(std::move(words), input);
  }

  const tests::Folder folder_;
  const std::filesystem::path root_ = folder_.path();
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

TEST_F(PolicyTool, ChecksTheFiles) {
  EXPECT_EQ(run({"check"}).out, "good: 1 rules\n");
  write("etc/qubes/policy.d/40-bad.policy", "\nqubes.USB * work\n");
  const auto bad = run({"check"});
  EXPECT_EQ(bad.code, 1);
  EXPECT_NE(bad.errors.find("40-bad.policy:2: wrong number of fields"), std::string::npos);
  EXPECT_NE(eval({"work", "sys-usb", "s"}).out.find(R"("decision":"error")"), std::string::npos);
}

TEST_F(PolicyTool, SaysWhyAndWhatWouldChangeIt) {
  write("etc/qubes/policy.d/50-more.policy", "qubes.USB * @anyvm @anyvm deny notify=no\n");
  const auto why = [this](const std::string& source, const std::string& target) {
    return run({"why", "--system-info", (root_ / "system.json").string(), source, target,
                "qubes.USB+2-1"})
        .out;
  };
  const std::string etc = (root_ / "etc/qubes/policy.d").string();
  EXPECT_EQ(why("work", "sys-usb"), "allow, to sys-usb\nby the first rule that matches, " + etc +
                                        "/30-user.policy:1:\n  qubes.USB * work sys-usb allow\n"
                                        "It hides, in this order:\n  " +
                                        etc +
                                        "/50-more.policy:1: qubes.USB * @anyvm @anyvm deny "
                                        "notify=no\n"
                                        "To change it, put before it: qubes.USB +2-1 work sys-usb "
                                        "deny\n");
  EXPECT_NE(why("sys-usb", "dom0").find("No rule matches"), std::string::npos);
  EXPECT_NE(why("sys-usb", "work").find("put before it: qubes.USB +2-1 sys-usb work allow"),
            std::string::npos);
  EXPECT_NE(why("work", "@dispvm:work").find("No rule was tried."), std::string::npos);
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
  EXPECT_NE(run({"eval", "a", "b", "c"}).errors.find("--system-info"), std::string::npos);
  EXPECT_EQ(eval({"work", "sys-usb"}).code, 2);
  EXPECT_EQ(eval({"--nonsense"}).code, 2);
  const auto missing = run({"eval", "--system-info", "/nowhere/x", "a", "b", "c"});
  EXPECT_EQ(missing.code, 1);
  EXPECT_NE(missing.errors.find("/nowhere/x"), std::string::npos);
  write("system.json", "[]");
  EXPECT_NE(eval({"a", "b", "c"}).errors.find("domains"), std::string::npos);
  EXPECT_EQ(run({"--help"}).code, 0);
}

}  // namespace
