// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport policy check` on files: what is read, what is said, and how it ends.
#include <boost/json.hpp>

#include "policy/lint.hpp"
#include "tests/places.hpp"
#include "tests/policy/tool_fixture.hpp"

namespace {

namespace json = boost::json;

class PolicyCheck : public tests::PolicyTool {
 protected:
  const std::string etc_ = path("etc/qubes/policy.d");
};

TEST_F(PolicyCheck, CountsWhatIsGood) {
  EXPECT_EQ(ask({"check"}).out, "good: 1 rule in 1 file\n");
  EXPECT_EQ(ask({"check"}).code, 0);
  EXPECT_EQ(ask({"check"}).errors, "");
}

TEST_F(PolicyCheck, ShowsEveryMistakeInEveryFile) {
  write("etc/qubes/policy.d/40-bad.policy", "\n  qubes.USB * work sys-usb Allow\n");
  write("run/qubes/policy.d/20-bad.policy", "qubes.USB * work\n");
  const auto bad = ask({"check"});
  EXPECT_EQ(bad.code, 1);
  EXPECT_EQ(bad.out,
            path("run/qubes/policy.d/20-bad.policy") +
                ":1:1: error: wrong number of fields: a rule is SERVICE ARGUMENT SOURCE TARGET "
                "ACTION [PARAMETER...]; found 3 words\n"
                "  qubes.USB * work\n  ^~~~~~~~~~~~~~~~\n" +
                etc_ +
                "/40-bad.policy:2:28: error: invalid action: Allow: did you mean 'allow'? Actions "
                "are written in small letters\n"
                "    qubes.USB * work sys-usb Allow\n                             ^~~~~\n"
                "2 errors, 0 warnings; 1 rule in 3 files\n");
}

TEST_F(PolicyCheck, WarningsFailOnlyWhenStrict) {
  write("etc/qubes/policy.d/30-user.policy", "qubes.USB * wrok sys-usb allow\n");
  const auto lax = ask({"check"});
  EXPECT_EQ(lax.code, 0);
  EXPECT_TRUE(has(lax.out, ":1:13: warning: there is no qube 'wrok'; did you mean 'work'?\n"));
  EXPECT_EQ(ask({"check", "--strict"}).code, 1);
  EXPECT_EQ(run({"check", "--strict"}).code, 0);  // which qubes there are is not known
  EXPECT_TRUE(has(run({"check"}).errors, "names of qubes were not checked"));
}

TEST_F(PolicyCheck, LooksAtTheFoldersToo) {
  write("etc/qubes/policy.d/Bad.policy", "");
  write("etc/qubes/policy.d/40-x.policy.txt", "");
  write("etc/qubes/policy.d/README", "");
  write("run/qubes/policy.d/30-user.policy", "");
  std::filesystem::create_symlink("/nowhere", etc_ + "/50-gone.policy");
  const auto bad = ask({"check"});
  EXPECT_EQ(bad.code, 1);
  EXPECT_TRUE(has(bad.out, etc_ + "/Bad.policy:1:1: error: invalid filename: ")) << bad.out;
  EXPECT_TRUE(has(bad.out, etc_ + "/30-user.policy:1:1: warning: is not read: ")) << bad.out;
  EXPECT_TRUE(has(bad.out, "40-x.policy.txt:1:1: warning: is not read: its name")) << bad.out;
  EXPECT_TRUE(has(bad.out, "50-gone.policy:1:1: warning: is not read: it is no")) << bad.out;
  EXPECT_FALSE(has(bad.out, "README")) << bad.out;
  EXPECT_TRUE(has(bad.out, "1 error, 3 warnings; 0 rules in 1 file\n")) << bad.out;
  std::filesystem::remove_all(root_ / "run");
  EXPECT_TRUE(has(ask({"check"}).out, "failed to load policy directory"));
}

TEST_F(PolicyCheck, ReadsNothingButTheFilesThatAreNamed) {
  write("etc/qubes/policy.d/40-bad.policy", "nonsense\n");
  write("elsewhere/my.policy", "!include sub/x\n");
  write("elsewhere/sub/x", "s * a b Deny\n");
  EXPECT_EQ(run({"check", etc_ + "/30-user.policy"}).code, 0);
  const auto bad = run({"check", path("elsewhere/my.policy")});
  EXPECT_EQ(bad.code, 1);
  EXPECT_TRUE(has(bad.out, path("elsewhere/sub/x") + ":1:9: error: ")) << bad.out;
  EXPECT_FALSE(has(bad.out, "nonsense"));
  EXPECT_EQ(run({"check", path("elsewhere/none.policy")}).code, 1);
  write("elsewhere/My.policy", "");
  EXPECT_TRUE(has(run({"check", path("elsewhere/My.policy")}).out, "spoils the whole policy"));
}

TEST_F(PolicyCheck, ChecksFilesOfThreeColumns) {
  write("include/admin", "$anyvm dom0 allow,target=dom0\n");
  EXPECT_EQ(run({"check", path("include/admin")}).code, 1);
  EXPECT_EQ(run({"check", "--include-service", path("include/admin")}).out,
            "good: 1 rule in 1 file\n");
  EXPECT_EQ(run({"check", "--include-service"}).code, 2);
}

// The file of a test suite, a case a line.
std::vector<json::object> read_cases(const std::string& path) {
  std::ifstream in(path);
  std::vector<json::object> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line).as_object());
  return lines;
}

class Vector : public policy::IncludeSource {
 public:
  explicit Vector(const json::object& files) : files_(files) {}
  base::Result<policy::PolicyFile> file(const std::string& path) override {
    if (!files_.contains(path)) return base::fail("no such policy file");
    return policy::PolicyFile{path, std::string(files_.at(path).as_string())};
  }
  base::Result<std::vector<std::string>> directory(const std::string&) override {
    return base::fail("not a directory");
  }
  base::Result<std::vector<std::string>> legacy_names() override {
    return std::vector<std::string>{};
  }
  base::Result<policy::PolicyFile> legacy_file(const std::string&) override {
    return base::fail("no such file");
  }

 private:
  const json::object& files_;
};

TEST(PolicyVectorsLint, FindsAnErrorExactlyWhereParsingFails) {
  std::size_t broken = 0;
  std::size_t cases = 0;
  for (const char* name : {"named.jsonl", "random.jsonl"}) {
    for (const auto& each : read_cases(places::source() + "/tests/data/policy/" + name)) {
      Vector files(each.at("policy").as_object());
      const auto main = files.file("__main__");
      ASSERT_TRUE(main);
      const bool parses = policy::parse_policy({*main}, &files).has_value();
      const auto report = policy::lint({*main}, {.includes = &files});
      bool error = false;
      for (const auto& found : report.findings) {
        error |= found.severity == policy::Finding::Severity::error;
      }
      EXPECT_EQ(parses, !error) << json::serialize(each);
      broken += parses ? 0 : 1;
      ++cases;
    }
  }
  EXPECT_EQ(cases, 734U);
  EXPECT_GT(broken, 20U);
}

}  // namespace
