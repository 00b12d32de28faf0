// SPDX-License-Identifier: GPL-2.0-or-later
// Policy on disk: order, shadowing, bad names, missing folders, includes, and reloading.
#include "policy/io/policy_store.hpp"
#include "tests/fakes/folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace {

namespace fs = std::filesystem;

class PolicyStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    paths_ = base::io::Paths(root_);
    fs::create_directories(paths_.policy_d());
    fs::create_directories(paths_.runtime_policy_d());
  }

  static void write(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  void etc(const std::string& name, const std::string& text) {
    write(paths_.policy_d() / name, text);
  }
  void run(const std::string& name, const std::string& text) {
    write(paths_.runtime_policy_d() / name, text);
  }
  // What the files say, or what is wrong with them.
  static std::string services(policy::io::PolicyStore& store) {
    if (const auto& problem = store.problem()) return problem->text;
    const auto& rules = store.current();
    if (!rules) return rules.error().text;
    std::string all;
    for (const auto& rule : rules->rules()) all += rule.service + " ";
    return all;
  }

  const tests::Folder folder_;
  fs::path root_ = folder_.path();
  base::io::Paths paths_;
};

TEST_F(PolicyStoreTest, ReadsTheLegacyDirectoryAndSeesItChange) {
  etc("35-compat.policy", "!compat-4.0\n");
  policy::io::PolicyStore store(paths_);
  EXPECT_NE(services(store).find("etc/qubes-rpc/policy"), std::string::npos);  // is missing
  write(paths_.legacy_policy() / "s.Old+x", "work vault allow\n");
  EXPECT_EQ(services(store), "s.Old s.Old s.Old ");
  write(paths_.legacy_policy() / "s.New", "work vault allow\n");
  EXPECT_EQ(services(store), "s.New s.Old s.Old s.Old ");
}

TEST_F(PolicyStoreTest, SortsByNameAcrossBothFoldersAndRunShadowsEtc) {
  etc("10-a.policy", "s.Etc10 * * * deny");
  etc("50-b.policy", "s.Etc50 * * * deny");
  etc("9-c.policy", "s.Etc9 * * * deny");
  run("50-b.policy", "s.Run50 * * * deny");
  run("30-d.policy", "s.Run30 * * * deny");
  etc("README", "not policy");
  etc(".hidden.policy", "not policy");
  etc("60-x.policy.rpmsave", "not policy");
  policy::io::PolicyStore store(paths_);
  EXPECT_EQ(services(store), "s.Etc10 s.Run30 s.Run50 s.Etc9 ");
}

TEST_F(PolicyStoreTest, OneBadNameOrLineIsAnErrorForAll) {
  etc("10-a.policy", "* * * * allow\n");
  policy::io::PolicyStore store(paths_);
  EXPECT_EQ(services(store), "* ");
  etc("Bad.policy", "");
  EXPECT_TRUE(services(store).starts_with("invalid filename: " + paths_.policy_d().string() +
                                          "/Bad.policy"));
  fs::remove(paths_.policy_d() / "Bad.policy");
  etc("20-b.policy", "\n* * * *\n");
  EXPECT_EQ(services(store), paths_.policy_d().string() + "/20-b.policy:2: wrong number of fields");
  fs::remove(paths_.policy_d() / "20-b.policy");
  EXPECT_EQ(services(store), "* ");
}

TEST_F(PolicyStoreTest, AMissingFolderIsAnErrorThatNamesIt) {
  etc("10-a.policy", "* * * * allow\n");
  fs::remove_all(paths_.runtime_policy_d());
  policy::io::PolicyStore store(paths_);
  EXPECT_NE(services(store).find(paths_.runtime_policy_d().string()), std::string::npos);
  EXPECT_FALSE(store.current());
  fs::create_directories(paths_.runtime_policy_d());
  EXPECT_EQ(services(store), "* ");
}

TEST_F(PolicyStoreTest, SeesEveryChangeEvenOneOfTheSameSize) {
  etc("10-a.policy", "s.A * * * deny");
  policy::io::PolicyStore store(paths_);
  for (const char* name : {"s.B", "s.C", "s.D", "s.E"}) {
    etc("10-a.policy", std::string(name) + " * * * deny");
    EXPECT_EQ(services(store), std::string(name) + " ");
  }
}

TEST_F(PolicyStoreTest, IncludesAreReadAndWatched) {
  etc("10-a.policy", "!include include/x\n!include-dir include/d\n");
  etc("include/x", "s.X * * * deny\n");
  etc("include/d/1.policy", "s.One * * * deny\n");
  etc("include/d/ignored", "no policy");
  policy::io::PolicyStore store(paths_);
  EXPECT_EQ(services(store), "s.X s.One ");
  etc("include/d/2.policy", "s.Two * * * deny\n");
  EXPECT_EQ(services(store), "s.X s.One s.Two ");
  fs::remove(paths_.policy_d() / "include/x");
  EXPECT_EQ(services(store), paths_.policy_d().string() + "/10-a.policy:1: not a file: include/x");
}

TEST_F(PolicyStoreTest, TooLongAFileIsRefusedAndAPipeDoesNotHang) {
  etc("10-a.policy", std::string(policy::io::PolicyStore::max_file_size + 1, '#'));
  policy::io::PolicyStore store(paths_);
  EXPECT_NE(services(store).find("longer than the limit"), std::string::npos);
  etc("10-a.policy", "!include pipe");
  ASSERT_EQ(::mkfifo((paths_.policy_d() / "pipe").c_str(), 0600), 0);
  EXPECT_NE(services(store).find("not a file: pipe"), std::string::npos);
}

}  // namespace
