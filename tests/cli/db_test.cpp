// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport db` as a person uses it, with the real libclamav behind it.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <fstream>

#include "base/sign/io/key_files.hpp"
#include "tests/cli/fake_admin.hpp"
#include "tests/scanner-qube/samples.hpp"

namespace cli::test {
namespace {

namespace fs = std::filesystem;

class DbCommand : public testing::Test {
 protected:
  DbCommand() {
    // The engine is another user if the test is root.
    fs::permissions(root_.path(), fs::perms(0755));
    fs::create_directory(at("db"));
    std::ofstream(at("db/local.ndb"))
        << "Eicar-Test-Signature:0:*:" << tests::samples::in_hex(tests::samples::eicar()) << "\n";
    std::ofstream(at("db/freshclam.dat")) << "not for us";
    fs::create_directories(at("corpus/found/Eicar-Test-Signature"));
    fs::create_directories(at("corpus/clean"));
    std::ofstream(at("corpus/found/Eicar-Test-Signature/eicar.com")) << tests::samples::eicar();
    std::ofstream(at("corpus/clean/harmless.txt")) << "nothing of the kind\n";
    const auto key = base::sign::io::make_key_files(at("key"));
    EXPECT_TRUE(key);
    if (key) key_id_ = key->id();
  }
  fs::path at(const std::string& name) const { return root_.path() / name; }
  ProgramResult db(std::vector<std::string> words) const {
    words.insert(words.begin(), "db");
    words.insert(words.end(), {"--root", root_.path().string()});
    return run_program("sallyport", words);
  }
  ProgramResult make(const std::string& serial, const std::string& out,
                     std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"make",     "--key", at("key"), "--out",    at(out),
                                   "--serial", serial,  at("db"),  "--corpus", at("corpus")};
    words.insert(words.end(), more.begin(), more.end());
    return db(std::move(words));
  }
  ProgramResult import(const std::string& bundle) const {
    std::vector<std::string> words{"import", at(bundle), "--key", at("key.pub")};
    if (::geteuid() == 0) words.insert(words.end(), {"--user", "nobody"});
    return db(std::move(words));
  }

  const TemporaryRoot root_;
  std::string key_id_;
};

TEST_F(DbCommand, FromFilesToSignaturesInUse) {
  const auto made = make("7", "bundle");
  EXPECT_EQ(made.code, 0);
  EXPECT_EQ(made.out, at("bundle").string() +
                          ": serial 7, 1 file of signatures, 2 files to test them, signed with "
                          "key " +
                          key_id_ + "\n");
  EXPECT_EQ(made.err, "left out: freshclam.dat: the engine does not know files of this name\n");
  const auto imported = import("bundle");
  EXPECT_EQ(imported.err, "");
  EXPECT_EQ(imported.code, 0);
  EXPECT_NE(imported.out.find("are in use from now on"), std::string::npos) << imported.out;
  const auto again = import("bundle");
  EXPECT_EQ(again.code, 0);
  EXPECT_NE(again.out.find("are in use already"), std::string::npos) << again.out;
}

TEST_F(DbCommand, StatusTellsPeopleAndPrograms) {
  ASSERT_EQ(make("7", "bundle").code, 0);
  EXPECT_EQ(db({"status"}).code, 1);
  ASSERT_EQ(import("bundle").code, 0);
  const auto lines = db({"status"});
  EXPECT_EQ(lines.code, 0);
  for (const std::string part :
       {"serial:      7\n", "age:         0 days\n", "signatures:  1, loaded by ClamAV 1.",
        "self-test:   2 files\n", "file:        local.ndb, "}) {
    EXPECT_NE(lines.out.find(part), std::string::npos) << lines.out;
  }
  const auto json = db({"status", "--json"});
  const auto value = boost::json::parse(json.out);
  EXPECT_EQ(value.at("serial").as_int64(), 7);
  EXPECT_EQ(value.at("age_days").as_int64(), 0);
  EXPECT_EQ(value.at("signatures").as_int64(), 1);
  EXPECT_EQ(value.at("signer").as_string(), key_id_);
  EXPECT_EQ(value.at("digest").as_string().size(), 64U);
  EXPECT_TRUE(fs::exists(value.at("image").as_string().c_str()));
  EXPECT_TRUE(fs::exists(fs::path(value.at("folder").as_string().c_str()) / "db/local.ndb"));
}

TEST_F(DbCommand, RefusesWhatIsNotTheSigners) {
  ASSERT_EQ(make("7", "bundle").code, 0);
  EXPECT_NE(db({"import", at("bundle")}).err.find("who may sign signatures?"), std::string::npos);
  fs::remove(at("key"));
  fs::remove(at("key.pub"));
  ASSERT_TRUE(base::sign::io::make_key_files(at("key")));
  const auto other = import("bundle");
  EXPECT_EQ(other.code, 1);
  EXPECT_NE(other.err.find("is not signed with the key"), std::string::npos) << other.err;
  EXPECT_EQ(db({"status"}).code, 1);
}

TEST_F(DbCommand, SaysWhoIsMissing) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root tests as another user";
  ASSERT_EQ(make("7", "bundle").code, 0);
  const auto got =
      db({"import", at("bundle"), "--key", at("key.pub"), "--user", "sallyport-nobody"});
  EXPECT_EQ(got.code, 1);
  EXPECT_NE(got.err.find("no user 'sallyport-nobody'; create it first"), std::string::npos)
      << got.err;
}

TEST_F(DbCommand, RefusesWhatIsOlder) {
  ASSERT_EQ(make("7", "bundle").code, 0);
  ASSERT_EQ(make("6", "older").code, 0);
  ASSERT_EQ(import("bundle").code, 0);
  const auto older = import("older");
  EXPECT_EQ(older.code, 1);
  EXPECT_NE(older.err.find("is older than the last one"), std::string::npos) << older.err;
}

TEST_F(DbCommand, MakesNothingThatCannotBeImported) {
  EXPECT_EQ(make("x", "bundle").code, 2);
  EXPECT_EQ(make("0", "bundle").code, 1);
  EXPECT_EQ(make("-1", "bundle").code, 2);
  std::ofstream(at("bundle")) << "mine";
  const auto there = make("7", "bundle");
  EXPECT_EQ(there.code, 1);
  EXPECT_NE(there.err.find("nothing that is there is written over"), std::string::npos);
  EXPECT_EQ(fs::file_size(at("bundle")), 4U);
  EXPECT_NE(make("7", "new", {at("db")}).err.find("local.ndb is in two of the folders"),
            std::string::npos);
  std::ofstream(at("db/daily.cvd")) << "no container";
  EXPECT_NE(make("7", "new").err.find("daily.cvd: shorter than"), std::string::npos);
  fs::remove(at("db/daily.cvd"));
  fs::create_directory(at("db/odd.ndb"));
  EXPECT_NE(make("7", "new").err.find("odd.ndb is no regular file"), std::string::npos);
  fs::remove(at("db/odd.ndb"));
  fs::remove(at("db/local.ndb"));
  EXPECT_NE(make("7", "new").err.find("has not 1 to 256 files"), std::string::npos);
  EXPECT_FALSE(fs::exists(at("new")));
}

TEST_F(DbCommand, WantsASecretKeyThatIsSecret) {
  fs::permissions(at("key"), fs::perms(0644));
  EXPECT_NE(make("7", "bundle").err.find("others than its owner may use this secret key"),
            std::string::npos);
}

TEST_F(DbCommand, RefusesWrongUsage) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {}, {"frob"}, {"import"}, {"status", "x"}, {"make"}, {"make", "--key", "k", "d"}}) {
    const auto got = db(words);
    EXPECT_EQ(got.code, 2);
    EXPECT_TRUE(got.err.starts_with("usage: sallyport db")) << got.err;
  }
  EXPECT_EQ(db({"import", "--help"}).code, 0);
}

}  // namespace
}  // namespace cli::test
