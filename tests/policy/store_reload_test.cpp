// SPDX-License-Identifier: GPL-2.0-or-later
// What is in force while files change, break, vanish and are mended.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "policy/io/policy_store.hpp"
#include "tests/fakes/folder.hpp"

namespace {

namespace fs = std::filesystem;

class PolicyReload : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(paths_.policy_d());
    fs::create_directories(paths_.runtime_policy_d());
  }
  void etc(const std::string& name, const std::string& text) {
    fs::create_directories((paths_.policy_d() / name).parent_path());
    std::ofstream(paths_.policy_d() / name) << text;
  }
  // As editors and tools do: the new file takes the old one's name at once.
  void replace(const std::string& name, const std::string& text) {
    const fs::path fresh = paths_.policy_d() / ".fresh";
    std::ofstream(fresh) << text;
    fs::rename(fresh, paths_.policy_d() / name);
  }
  // The services of the rules in force; "!" and the reason when there are none.
  static std::string in_force(policy::io::PolicyStore& store) {
    const auto& rules = store.current();
    if (!rules) return "!" + rules.error().text;
    std::string all;
    for (const auto& rule : rules->rules()) all += rule.service + " ";
    return all;
  }
  static std::string problem(policy::io::PolicyStore& store) {
    const auto& found = store.problem();
    return found ? found->text : "";
  }
  std::string at(const std::string& place) { return paths_.policy_d().string() + "/" + place; }
  static std::int64_t now() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }

  const tests::Folder folder_;
  base::io::Paths paths_{folder_.path()};
};

TEST_F(PolicyReload, TheLastGoodPolicyStaysInForceUntilTheFilesAreMended) {
  etc("10-a.policy", "s.A * * * deny\n");
  policy::io::PolicyStore store(paths_);
  EXPECT_EQ(in_force(store), "s.A ");
  EXPECT_EQ(problem(store), "");
  const auto since = store.in_force_since();
  ASSERT_TRUE(since);
  EXPECT_LE(*since, now());

  etc("10-a.policy", "s.B * * * deny\ns.C * * *\n");
  EXPECT_EQ(in_force(store), "s.A ");
  EXPECT_EQ(problem(store), at("10-a.policy:2: wrong number of fields"));
  EXPECT_GE(store.problem()->since, *since);
  EXPECT_EQ(store.in_force_since(), since);

  etc("10-a.policy", "s.B * * * Deny\n");  // another mistake
  EXPECT_EQ(in_force(store), "s.A ");
  EXPECT_EQ(problem(store), at("10-a.policy:1: invalid action: Deny"));

  etc("10-a.policy", "s.B * * * deny\n");
  EXPECT_EQ(in_force(store), "s.B ");
  EXPECT_EQ(problem(store), "");
}

TEST_F(PolicyReload, NothingIsInForceBeforeAGoodPolicy) {
  etc("10-a.policy", "s.A * * *\n");
  policy::io::PolicyStore store(paths_);
  EXPECT_EQ(in_force(store), "!" + at("10-a.policy:1: wrong number of fields"));
  EXPECT_EQ(problem(store), at("10-a.policy:1: wrong number of fields"));
  EXPECT_FALSE(store.in_force_since());
  etc("10-a.policy", "s.A * * x\n");
  EXPECT_FALSE(store.current());
  etc("10-a.policy", "s.A * * * deny\n");
  EXPECT_EQ(in_force(store), "s.A ");
  EXPECT_TRUE(store.in_force_since());
  etc("10-a.policy", "s.A\n");
  EXPECT_EQ(in_force(store), "s.A ");
}

TEST_F(PolicyReload, SeesFilesReplacedByRename) {
  replace("10-a.policy", "s.A * * * deny\n");
  policy::io::PolicyStore store(paths_);
  EXPECT_EQ(in_force(store), "s.A ");
  replace("10-a.policy", "s.B * * * deny\n");
  EXPECT_EQ(in_force(store), "s.B ");
  replace("10-a.policy", "s.C * * * dent\n");
  EXPECT_EQ(in_force(store), "s.B ");
  EXPECT_NE(problem(store), "");
  replace("10-a.policy", "s.D * * * deny\n");
  EXPECT_EQ(in_force(store), "s.D ");
}

// Neither size nor any time of the file needs to differ for it to be read again.
TEST_F(PolicyReload, SeesEveryChangeWithinTheSameSecond) {
  etc("10-a.policy", "s.A * * * deny");
  policy::io::PolicyStore store(paths_);
  for (int round = 0; round < 50; ++round) {
    etc("10-a.policy", "s.B * * * deny");
    ASSERT_EQ(in_force(store), "s.B ") << round;
    etc("10-a.policy", "s.B * * * dent");
    ASSERT_EQ(in_force(store), "s.B ") << round;
    ASSERT_NE(problem(store), "") << round;
    etc("10-a.policy", "s.A * * * deny");
    ASSERT_EQ(in_force(store), "s.A ") << round;
    ASSERT_EQ(problem(store), "") << round;
  }
}

TEST_F(PolicyReload, ABrokenIncludeKeepsTheLastGoodPolicy) {
  etc("10-a.policy", "s.A * * * deny\n!include include/x\n");
  etc("include/x", "s.X * * * deny\n");
  policy::io::PolicyStore store(paths_);
  EXPECT_EQ(in_force(store), "s.A s.X ");
  etc("include/x", "s.X * * *\n");
  EXPECT_EQ(in_force(store), "s.A s.X ");
  EXPECT_EQ(problem(store), at("include/x:1: wrong number of fields"));
  fs::remove(paths_.policy_d() / "include/x");
  EXPECT_EQ(problem(store), at("10-a.policy:2: not a file: include/x"));
  etc("include/x", "s.Y * * * deny\n");
  EXPECT_EQ(in_force(store), "s.A s.Y ");
  EXPECT_EQ(problem(store), "");
}

TEST_F(PolicyReload, ADirectoryThatVanishesIsAMistakeToo) {
  etc("10-a.policy", "s.A * * * deny\n");
  policy::io::PolicyStore store(paths_);
  EXPECT_EQ(in_force(store), "s.A ");
  fs::remove_all(paths_.policy_d());
  EXPECT_EQ(in_force(store), "s.A ");
  EXPECT_NE(problem(store).find("failed to load policy directory"), std::string::npos);
  fs::create_directories(paths_.policy_d());
  etc("10-a.policy", "s.B * * * deny\n");
  EXPECT_EQ(in_force(store), "s.B ");
  fs::remove_all(paths_.runtime_policy_d());
  EXPECT_EQ(in_force(store), "s.B ");
  EXPECT_NE(problem(store).find(paths_.runtime_policy_d().string()), std::string::npos);
}

TEST_F(PolicyReload, TooLargeAFileIsAMistakeToo) {
  etc("10-a.policy", "s.A * * * deny\n");
  policy::io::PolicyStore store(paths_);
  EXPECT_EQ(in_force(store), "s.A ");
  etc("20-b.policy", std::string(policy::io::PolicyStore::max_file_size + 1, '#'));
  EXPECT_EQ(in_force(store), "s.A ");
  EXPECT_NE(problem(store).find("longer than the limit"), std::string::npos);
}

// A regular file of which reading fails, whoever reads.
TEST_F(PolicyReload, AnUnreadableFileIsAMistakeToo) {
  etc("10-a.policy", "s.A * * * deny\n");
  policy::io::PolicyStore store(paths_);
  EXPECT_EQ(in_force(store), "s.A ");
  fs::create_symlink("/proc/self/mem", paths_.policy_d() / "20-b.policy");
  EXPECT_EQ(in_force(store), "s.A ");
  EXPECT_NE(problem(store).find("failed to load policy: "), std::string::npos) << problem(store);
  fs::remove(paths_.policy_d() / "20-b.policy");
  EXPECT_EQ(problem(store), "");
}

// As in Qubes: no rules are a policy, by which everything is denied.
TEST_F(PolicyReload, NoFilesAreAnEmptyPolicy) {
  policy::io::PolicyStore store(paths_);
  EXPECT_EQ(in_force(store), "");
  EXPECT_EQ(problem(store), "");
  etc("10-a.policy", "s.A * * * deny\n");
  EXPECT_EQ(in_force(store), "s.A ");
  fs::remove(paths_.policy_d() / "10-a.policy");
  EXPECT_EQ(in_force(store), "");
  EXPECT_EQ(problem(store), "");
}

}  // namespace
