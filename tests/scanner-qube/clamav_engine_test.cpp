// SPDX-License-Identifier: GPL-2.0-or-later
// The real libclamav with small signature files of our own: what it finds, and every way in which
// it calls something clean that it has not looked at (libclamav 1.4), which must end as incomplete.
#include <gtest/gtest.h>

#include <fstream>

#include "base/io/files.hpp"
#include "scanner-qube/engine/io/clamav_engine.hpp"
#include "tests/fakes/folder.hpp"
#include "tests/scanner-qube/samples.hpp"
#include "tests/scanner-qube/shortcuts.hpp"

namespace scannerqube {
namespace {

namespace fs = std::filesystem;
using tests::samples::eicar;

constexpr std::size_t mib = std::size_t{1} << 20U;

class ClamavEngineTest : public testing::Test {
 protected:
  ClamavEngineTest() {
    tests::samples::write_signatures(folder_.path() / "db");
    fs::create_directory(folder_.path() / "tmp");
  }
  void load(const Limits& limits = {}) {
    auto engine = io::ClamavEngine::load({.databases = {folder_.path() / "db"},
                                          .limits = limits,
                                          .temporary = folder_.path() / "tmp"});
    ASSERT_TRUE(engine) << engine.error().text;
    engine_ = std::move(*engine);
    engine_->use_folder((folder_.path() / "tmp").string());
  }
  FileResult scan(const std::string& content) {
    return engine_->scan(base::wire::as_bytes(content), "sample");
  }
  // A file of that many bytes without anything in it but what it begins with.
  static std::string padded(const std::string& begin, std::size_t size) {
    return begin + std::string(size - begin.size(), 'x');
  }
  std::string zip(const std::string& member, const std::string& options = {}) {
    const fs::path file = folder_.path() / "member.bin";
    std::ofstream(file, std::ios::binary) << member;
    const fs::path out = folder_.path() / "out.zip";
    fs::remove(out);
    const std::string command = "zip -q -j " + options + " " + out.string() + " " + file.string();
    EXPECT_EQ(std::system(command.c_str()), 0);  // NOLINT(cert-env33-c): the test's own words
    auto content = base::io::read_file(out, 64 * mib);
    return content ? *content : "";
  }
  static ::testing::AssertionResult is(const FileResult& result, Verdict verdict,
                                       const std::string& word) {
    std::string all;
    for (const Finding& finding : result.findings) all += finding.name + "; ";
    for (const std::string& why : result.not_examined) all += why + "; ";
    if (result.verdict() == verdict && all.find(word) != std::string::npos) {
      return ::testing::AssertionSuccess();
    }
    return ::testing::AssertionFailure() << verdict_name(result.verdict()) << ": " << all;
  }

  const tests::Folder folder_;
  std::unique_ptr<io::ClamavEngine> engine_;
};

enum class Signatures { few, many };

// With many of them the engine takes another matcher.
class ClamavEngineFinds : public ClamavEngineTest, public testing::WithParamInterface<Signatures> {
 protected:
  ClamavEngineFinds() {
    for (int i = 0; GetParam() == Signatures::many && i < 3000; ++i) {
      tests::samples::add_signature(folder_.path() / "db", "Other." + std::to_string(i),
                                    "nobody has this " + std::to_string(i));
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Signatures, ClamavEngineFinds,
                         testing::Values(Signatures::few, Signatures::many));

TEST_P(ClamavEngineFinds, TheTestFilePlainAndPacked) {
  load();
  EXPECT_TRUE(is(scan(eicar()), Verdict::infected, "Eicar"));
  EXPECT_TRUE(is(scan(zip(eicar())), Verdict::infected, "Eicar"));
  EXPECT_TRUE(is(scan(zip(zip(eicar()))), Verdict::infected, "Eicar"));
  EXPECT_TRUE(is(scan("nothing of the kind"), Verdict::clean, ""));
  EXPECT_TRUE(is(scan(""), Verdict::clean, ""));
  EXPECT_TRUE(is(scan("short"), Verdict::clean, ""));
}

// The package clamav-testfiles: one sample in every form that the engine unpacks.
TEST_P(ClamavEngineFinds, EachFileOfTheTestPackage) {
  load();
  std::size_t seen = 0;
  for (const auto& entry : fs::directory_iterator("/usr/share/clamav-testfiles")) {
    const auto content = base::io::read_file(entry.path(), 16 * mib);
    ASSERT_TRUE(content) << content.error().text;
    SCOPED_TRACE(entry.path().filename().string());
    const FileResult result = scan(*content);
    ++seen;
    if (entry.path().filename() == "clam_cache_emax.tgz") {
      EXPECT_NE(result.verdict(), Verdict::clean);
    } else {
      EXPECT_TRUE(is(result, Verdict::infected, "ClamAV-Test-File"));
    }
  }
  EXPECT_GE(seen, 40U);
}

// scanner.md 1.4 b: before 1.4's engine looks at all.
TEST_F(ClamavEngineTest, WhatIsLargerThanTheLimitIsNotExamined) {
  load({.file_bytes = mib, .scan_bytes = mib});
  EXPECT_TRUE(is(scan(padded(eicar(), mib + 1)), Verdict::incomplete, "larger than 1048576 bytes"));
  EXPECT_TRUE(is(scan(padded("x", mib)), Verdict::clean, ""));
}

// c: from 2 GiB on it says clean, whatever it is told.
TEST_F(ClamavEngineTest, TwoGibibytesAreNotExamined) {
  load();
  const fs::path file = folder_.path() / "large";
  std::ofstream(file, std::ios::binary) << eicar();
  constexpr std::uint64_t size = std::uint64_t{2} << 30U;
  fs::resize_file(file, size);
  const tests::samples::MappedFile mapped(file, size);
  const FileResult result = engine_->scan(mapped.bytes(), "large");
  EXPECT_TRUE(is(result, Verdict::incomplete, "larger than 2147483645 bytes"));
  EXPECT_EQ(result.size, size);
}

// b and i: the default limits (100 MiB, 25 MiB in Debian's clamd) are none of ours.
TEST_F(ClamavEngineTest, AFileOfAHundredMegabytesIsRead) {
  load();
  std::string large = padded("x", 110 * mib);
  large.replace(109 * mib, 68, eicar());
  EXPECT_TRUE(is(scan(large), Verdict::infected, "Anywhere.Eicar"));
}

// d: CL_ETIMEOUT becomes CL_CLEAN.
TEST_F(ClamavEngineTest, WhatTakesTooLongIsNotExamined) {
  load({.time = std::chrono::milliseconds(1)});
  EXPECT_TRUE(is(scan(padded("x", 64 * mib)), Verdict::incomplete, "not done within 1 ms"));
}

// e: a member that is cut at the limit without a word.
TEST_F(ClamavEngineTest, AnArchiveMemberThatIsTooLargeIsNotExamined) {
  load({.file_bytes = 4 * mib, .scan_bytes = 4 * mib});
  EXPECT_TRUE(is(scan(zip(std::string(5 * mib, 'a') + eicar())), Verdict::incomplete,
                 "an archive member of 5242948 bytes"));
}

TEST_F(ClamavEngineTest, AnArchiveThatLiesAboutItsSizesIsNotClean) {
  load({.file_bytes = 4 * mib, .scan_bytes = 4 * mib});
  std::string archive = zip(std::string(16 * mib, 'a') + eicar());
  // The uncompressed size in the local header (offset 22) and in the central directory (24).
  archive.replace(22, 4, std::string("\x10\0\0\0", 4));
  const std::size_t central = archive.find("PK\x01\x02");
  ASSERT_NE(central, std::string::npos);
  archive.replace(central + 24, 4, std::string("\x10\0\0\0", 4));
  EXPECT_NE(scan(archive).verdict(), Verdict::clean);
}

TEST_F(ClamavEngineTest, TooManyMembersOrLayersAreNotExamined) {
  load({.members = 3});
  const fs::path many = folder_.path() / "many";
  fs::create_directory(many);
  for (int i = 0; i < 6; ++i) std::ofstream(many / std::to_string(i)) << "file " << i;
  const std::string command = "cd " + many.string() + " && zip -q ../many.zip 0 1 2 3 4 5";
  ASSERT_EQ(std::system(command.c_str()), 0);  // NOLINT(cert-env33-c)
  const auto content = base::io::read_file(folder_.path() / "many.zip", mib);
  EXPECT_TRUE(is(scan(*content), Verdict::incomplete, "more than 3 archive members"));

  load({.recursion = 3});
  std::string nested = eicar();
  for (int i = 0; i < 8; ++i) nested = zip(nested);
  EXPECT_TRUE(is(scan(nested), Verdict::incomplete, "Heuristics.Limits.Exceeded"));
}

TEST_F(ClamavEngineTest, WhatIsEncryptedIsNotExamined) {
  load();
  EXPECT_TRUE(is(scan(zip(eicar(), "-P secret")), Verdict::incomplete, "ncrypted"));
}

// By libclamav's own type, of a file and of a member in an archive.
TEST_F(ClamavEngineTest, WhatIsToBeStartedByMistakeIsSuspicious) {
  load();
  const auto program = base::io::read_file("/bin/true", 4 * mib);
  ASSERT_TRUE(program) << program.error().text;
  const auto named = [this](const std::string& content, const std::string& name) {
    return engine_->scan(base::wire::as_bytes(content), name);
  };
  EXPECT_TRUE(is(named(*program, "invoice.pdf"), Verdict::suspicious,
                 "Lure.Disguise: a Linux program, called .pdf"));
  EXPECT_EQ(named(*program, "true").verdict(), Verdict::clean);
  const std::string link = tests::shortcut({.path = "C:\\cmd.exe", .arguments = "/c x.exe"});
  EXPECT_TRUE(is(named(link, "folder.lnk"), Verdict::suspicious,
                 "Lure.Shortcut: starts C:\\cmd.exe /c x.exe"));
  EXPECT_TRUE(is(scan(zip(link)), Verdict::suspicious, "Lure.Shortcut: starts C:\\cmd.exe"));
  EXPECT_TRUE(is(named("[autorun]\nopen=x.exe\n", "autorun.inf"), Verdict::suspicious,
                 "Lure.Autorun: starts x.exe"));
}

TEST_F(ClamavEngineTest, RarIsNotExamined) {
  load();
  EXPECT_TRUE(is(scan(tests::samples::small_rar()), Verdict::incomplete, "RAR archive"));
}

// h: 1.4's cache of clean files is keyed by MD5 and size.
TEST_F(ClamavEngineTest, AnMd5TwinOfACleanFileIsLookedAt) {
  using tests::samples::Twin;
  const std::string first = tests::samples::md5_twin(Twin::first) + std::string(900, 'x');
  const std::string second = tests::samples::md5_twin(Twin::second) + std::string(900, 'x');
  ASSERT_NE(first, second);
  tests::samples::add_signature(folder_.path() / "db", "Evil.Twin", second.substr(0, 64));
  load();
  EXPECT_TRUE(is(scan(first), Verdict::clean, ""));
  EXPECT_TRUE(is(scan(second), Verdict::infected, "Evil.Twin"));
}

TEST_F(ClamavEngineTest, RulesOfYaraAreUsedAllOrNone) {
  const std::string good =
      "rule first { strings: $a = \"a rule of yara\" condition: $a }\n"
      "rule second { strings: $a = /regular[0-9]+ish/ $b = { 41 42 ?? 44 45 } condition: $a and $b "
      "}\n";
  const fs::path file = folder_.path() / "db" / "local.yar";
  std::ofstream(file) << good;
  load();
  EXPECT_TRUE(is(scan("this is a rule of yara"), Verdict::infected, "YARA.first"));
  EXPECT_TRUE(is(scan("regular123ish ABxDE"), Verdict::infected, "YARA.second"));
  EXPECT_EQ(scan("regular123ish").verdict(), Verdict::clean);
  // What it would leave out with no more than a message.
  for (const std::string lost :
       {"rule lost { strings: $a = \"x\" condition: $a }", "rule lost { condition: filesize < 9 }",
        "import \"pe\"\nrule lost { condition: pe.is_dll() }", "rule lost { strings: $a = \"x"}) {
    std::ofstream(file) << good << lost;
    const auto engine = io::ClamavEngine::load(
        {.databases = {folder_.path() / "db"}, .limits = {}, .temporary = folder_.path() / "tmp"});
    ASSERT_FALSE(engine) << lost;
    EXPECT_NE(engine.error().text.find("not all rules can be read: "), std::string::npos)
        << engine.error().text;
  }
  std::ofstream(file) << good;
  load();
}

TEST_F(ClamavEngineTest, AnEngineWithoutSignaturesDoesNotLoad) {
  fs::create_directory(folder_.path() / "none");
  for (const fs::path& database : {folder_.path() / "none", folder_.path() / "not there"}) {
    const auto engine = io::ClamavEngine::load(
        {.databases = {database}, .limits = {}, .temporary = folder_.path() / "tmp"});
    EXPECT_FALSE(engine) << database;
  }
  const auto unlimited =
      io::ClamavEngine::load({.databases = {folder_.path() / "db"},
                              .limits = {.file_bytes = mib, .scan_bytes = 2 * mib},
                              .temporary = folder_.path() / "tmp"});
  EXPECT_FALSE(unlimited);
}

}  // namespace
}  // namespace scannerqube
