// SPDX-License-Identifier: GPL-2.0-or-later
// Imports with the real libclamav: what is taken, what is refused, and what is left behind.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <fstream>

#include "base/io/files.hpp"
#include "base/io/run_program.hpp"
#include "scanner-qube/database/io/layout.hpp"
#include "scanner-qube/database/io/manifest_text.hpp"
#include "scanner-qube/engine/io/clamav_engine.hpp"
#include "tests/scanner-qube/database/import_rig.hpp"
#include "tests/scanner-qube/samples.hpp"

namespace scannerqube::database::io {
namespace {

namespace fs = std::filesystem;
using tests::ImportRig;
using tests::bundles::good_parts;
using tests::bundles::Parts;

Parts with_file(const std::string& name, const std::string& content) {
  Parts parts = good_parts();
  parts.manifest.files[1] = tests::bundles::file(name, content);
  parts.contents[1] = content;
  return parts;
}

class DatabaseImport : public testing::Test {
 protected:
  // It is refused for that, and nothing is left of it.
  void expect_refused(const Parts& parts, const std::string& why) const {
    const std::string refusal = rig_.refusal(parts);
    EXPECT_NE(refusal.find(why), std::string::npos) << refusal;
    EXPECT_EQ(rig_.content().find("incoming"), std::string::npos) << rig_.content();
  }

  // What the checking program says of a folder with that file alone, up to the engine's name.
  std::string checked_alone(const std::string& name, const std::string& content) const {
    const fs::path folder = rig_.root() / "alone";
    for (const char* const part : {database_folder, self_test_folder, temporary_folder}) {
      fs::create_directories(folder / part);
    }
    std::ofstream(folder / database_folder / name, std::ios::binary) << content;
    Parts parts = good_parts();
    parts.manifest.self_tests.clear();
    std::ofstream(folder / head_file, std::ios::binary)
        << tests::bundles::head(rig_.key(), encode(parts.manifest));
    const auto ran = base::io::run_program({ImportRig::check_program, folder.string()}, minute);
    if (!ran) return ran.error().text;
    return ran->output.substr(0, ran->output.find("ClamAV"));
  }

  static constexpr std::chrono::seconds minute{60};
  ImportRig rig_;
};

TEST_F(DatabaseImport, IsUsedByTheEngine) {
  const auto imported = rig_.import(good_parts());
  ASSERT_TRUE(imported) << imported.error().text;
  EXPECT_EQ(imported->order, Order::newer);
  EXPECT_EQ(imported->published.record.signer, rig_.key().public_key().id());
  EXPECT_EQ(imported->published.record.engine.signatures, 2U);
  EXPECT_EQ(rig_.content(), "7 current last lock");
  const auto current = read_current(rig_.store());
  ASSERT_TRUE(current) << current.error().text;
  EXPECT_EQ(current->published.digest, imported->published.digest);
  EXPECT_EQ(current->published.record.imported, ImportRig::now);
  fs::create_directory(rig_.root() / "tmp");
  const auto engine =
      scannerqube::io::ClamavEngine::load({.databases = {current->folder / database_folder},
                                           .limits = {},
                                           .temporary = rig_.root() / "tmp"});
  ASSERT_TRUE(engine) << engine.error().text;
  const std::string eicar = tests::samples::eicar();
  EXPECT_EQ((*engine)->scan(base::wire::as_bytes(eicar), "x").verdict(), Verdict::infected);
  EXPECT_EQ((*engine)->scan(base::wire::as_bytes(eicar + "changed").subspan(1), "x").verdict(),
            Verdict::clean);
}

TEST_F(DatabaseImport, NobodyMayWriteToIt) {
  ASSERT_TRUE(rig_.import(good_parts()));
  std::size_t seen = 0;
  for (const auto& entry : fs::recursive_directory_iterator(rig_.store() / "7")) {
    struct stat info {};
    ASSERT_EQ(::stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_uid, ::geteuid()) << entry.path();
    EXPECT_EQ(info.st_mode & 07777U, S_ISDIR(info.st_mode) ? 0755U : 0444U) << entry.path();
    ++seen;
  }
  EXPECT_EQ(seen, 6U);  // head, record, image, db and its two
}

// What the image holds, by the tools of those who made Linux's reader.
TEST_F(DatabaseImport, MakesTheSameImageOfTheSameFiles) {
  const fs::path image = rig_.store() / "7" / image_file;
  ASSERT_TRUE(rig_.import(good_parts()));
  const fs::path out = rig_.root() / "out";
  const std::string command =
      "unsquashfs -q -n -d " + out.string() + " " + image.string() + " >/dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0);  // NOLINT(cert-env33-c): the test's own words
  EXPECT_EQ(*base::io::read_file(out / "db/local.ndb", 4096), good_parts().contents[1]);
  EXPECT_EQ(*base::io::read_file(out / "db/local.hdb", 4096), good_parts().contents[0]);
  const std::string bundle = tests::bundles::bundle(rig_.key(), good_parts());
  EXPECT_TRUE(bundle.starts_with(*base::io::read_file(out / head_file, 8192)));
  EXPECT_EQ(std::distance(fs::directory_iterator(out), fs::directory_iterator()), 2);
  const auto first = base::io::read_file(image, 1 << 20);
  ASSERT_TRUE(first) << first.error().text;
  fs::remove_all(rig_.store());
  ASSERT_TRUE(rig_.import(good_parts()));
  EXPECT_EQ(*base::io::read_file(image, 1 << 20), *first);
}

TEST_F(DatabaseImport, TakesNewerOnesAndKeepsTheOneBefore) {
  ASSERT_TRUE(rig_.import(good_parts(1)));
  ASSERT_TRUE(rig_.import(good_parts(2)));
  EXPECT_EQ(rig_.current(), 2U);
  EXPECT_EQ(rig_.content(), "1 2 current last lock");
  ASSERT_TRUE(rig_.import(good_parts(3)));
  EXPECT_EQ(rig_.content(), "2 3 current last lock");
}

TEST_F(DatabaseImport, TheSameOneIsAlreadyThere) {
  ASSERT_TRUE(rig_.import(good_parts()));
  const auto again = rig_.import(good_parts());
  ASSERT_TRUE(again) << again.error().text;
  EXPECT_EQ(again->order, Order::same);
  EXPECT_EQ(rig_.content(), "7 current last lock");
}

TEST_F(DatabaseImport, RepairsTheSameOne) {
  ASSERT_TRUE(rig_.import(good_parts()));
  fs::remove(rig_.store() / "7" / image_file);
  const auto again = rig_.import(good_parts());
  ASSERT_TRUE(again) << again.error().text;
  EXPECT_EQ(again->order, Order::newer);
  EXPECT_EQ(rig_.current(), 7U);
}

TEST_F(DatabaseImport, RefusesOlderOnes) {
  ASSERT_TRUE(rig_.import(good_parts(7)));
  expect_refused(good_parts(6), "is older than the last one");
  expect_refused(good_parts(8, 1'794'999'999), "is older than the last one");
  expect_refused(good_parts(7, 1'795'000'001), "another one than that imported before");
  expect_refused(good_parts(8, ImportRig::now + 86'401), "which is yet to come");
  // Whatever happens to what was imported.
  fs::remove_all(rig_.store() / "7");
  fs::remove(rig_.store() / current_link);
  expect_refused(good_parts(6), "is older than the last one");
  EXPECT_EQ(rig_.current(), 0U);
}

TEST_F(DatabaseImport, DoesNotGuessWhatWasLast) {
  ASSERT_TRUE(rig_.import(good_parts(7)));
  std::ofstream(rig_.store() / last_file) << "garbage";
  expect_refused(good_parts(8), "an older bundle would be taken");
  // Without that file, what is current was the last one.
  fs::remove(rig_.store() / last_file);
  expect_refused(good_parts(6), "is older than the last one");
  fs::remove(rig_.store() / "7" / record_file);
  expect_refused(good_parts(8), "cannot be used");
}

TEST_F(DatabaseImport, RefusesWhatWasTamperedWith) {
  ASSERT_TRUE(rig_.import(good_parts(1)));
  const std::string good = tests::bundles::bundle(rig_.key(), good_parts(2));
  for (const std::size_t at :
       {std::size_t{0}, std::size_t{9}, std::size_t{20}, std::size_t{100}, good.size() - 1}) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    EXPECT_FALSE(rig_.import_bytes(bad)) << at;
    EXPECT_EQ(rig_.content(), "1 current last lock");
  }
  EXPECT_FALSE(rig_.import_bytes(good.substr(0, good.size() - 1)));
  EXPECT_FALSE(rig_.import_bytes(good + "x"));
  EXPECT_FALSE(rig_.import_bytes(""));
  EXPECT_FALSE(
      rig_.import_bytes(tests::bundles::bundle(base::sign::KeyPair::generate(), good_parts(2))));
  EXPECT_EQ(rig_.current(), 1U);
  EXPECT_TRUE(rig_.import_bytes(good));
  EXPECT_EQ(rig_.current(), 2U);
}

TEST_F(DatabaseImport, RefusesWhatTheEngineCannotLoad) {
  ASSERT_TRUE(rig_.import(good_parts(1)));
  expect_refused(with_file("local.ndb", "no signature\n"), "Malformed database");
  std::string container = tests::bundles::container_header(5, 1'795'000'000) + "no archive";
  Parts parts = with_file("daily.cvd", container);
  parts.manifest.files[1].container = {.version = 5, .built = 1'795'000'000, .level = 90};
  std::swap(parts.manifest.files[0], parts.manifest.files[1]);
  std::swap(parts.contents[0], parts.contents[1]);
  expect_refused(parts, "the engine does not take it");
  EXPECT_EQ(rig_.current(), 1U);
}

// Nor a container that is well made, but that ClamAV has not signed: bytecode is in such ones.
TEST_F(DatabaseImport, RefusesContainersThatClamAvHasNotSigned) {
  const std::string signature = good_parts().contents[1];
  const fs::path folder = rig_.root() / "container";
  fs::create_directory(folder);
  std::ofstream(folder / "daily.ndb") << signature;
  std::ofstream(folder / "daily.info")
      << "ClamAV-VDB:01 Nov 2026 10-00 +0000:5:1:90:X:X:builder:1795000000\n"
      << "daily.ndb:" << signature.size() << ":"
      << base::hash::to_hex(tests::bundles::sha256(signature)) << "\n";
  const std::string command = "cd " + folder.string() + " && tar -czf packed daily.info daily.ndb";
  ASSERT_EQ(std::system(command.c_str()), 0);  // NOLINT(cert-env33-c): the test's own words
  const auto packed = base::io::read_file(folder / "packed", 1 << 20);
  ASSERT_TRUE(packed) << packed.error().text;
  const std::string container = tests::bundles::container_header(5, 1'795'000'000) + *packed;
  // It is well made: as a .cud, which needs no signature, it loads.
  EXPECT_EQ(checked_alone("daily.cud", container),
            "loaded 1 " + std::to_string(scannerqube::io::ClamavEngine::level()) + " ");
  for (const std::string name : {"daily.cvd", "daily.cld"}) {
    SCOPED_TRACE(name);
    Parts parts = good_parts();
    parts.manifest.files[0] = tests::bundles::file(name, container);
    parts.manifest.files[0].container = {.version = 5, .built = 1'795'000'000, .level = 90};
    parts.contents[0] = container;
    expect_refused(parts, "the engine does not take it");
  }
}

// The list of extensions stands on this: a broken file of a kind that the engine does not read
// would be taken without a word.
TEST_F(DatabaseImport, EachKindOfFileIsReadByTheEngine) {
  for (const std::string extension :
       {"hdb", "hsb", "mdb",  "msb", "ndb", "ldb", "sdb", "cdb",  "crb", "idb", "imp",
        "fp",  "sfp", "ign2", "ftm", "wdb", "pdb", "gdb", "pwdb", "yar", "yara"}) {
    SCOPED_TRACE(extension);
    expect_refused(with_file("z." + extension, "this is no database at all{{{:::\n"),
                   "the engine does not take it");
  }
}

TEST_F(DatabaseImport, RefusesWhatDoesNotFindItsOwnTestFile) {
  Parts parts = good_parts();
  parts.manifest.self_tests[1].signature = "Another.Name";
  expect_refused(parts,
                 "Another.Name was not found in eicar.com, but infected, "
                 "Eicar-Test-Signature");
  parts = good_parts();
  parts.manifest.self_tests[2].signature = "Eicar-Test-Signature";
  expect_refused(parts, "was not found in harmless.txt, but clean");
}

TEST_F(DatabaseImport, RefusesWhatTakesACleanFileForAnother) {
  Parts parts = good_parts();
  parts.manifest.self_tests[0].signature.reset();
  expect_refused(parts, "around.bin must be clean, but is infected");
}

TEST_F(DatabaseImport, RefusesWhatNeedsANewerEngine) {
  Parts parts = good_parts();
  parts.manifest.minimum_engine = 100'000;
  expect_refused(parts, "needs libclamav of level 100000");
}

TEST_F(DatabaseImport, OneAtATime) {
  ASSERT_TRUE(rig_.import(good_parts(1)));
  std::string second;
  const auto first = rig_.import(good_parts(2), [&](ImportStep step) {
    if (step == ImportStep::copied) second = rig_.refusal(good_parts(3));
  });
  EXPECT_TRUE(first);
  EXPECT_NE(second.find("another import runs"), std::string::npos) << second;
  EXPECT_EQ(rig_.current(), 2U);
}

// kill -9 at each step: the old one stays in use, the next import takes away what is left, and the
// killed one can be done again.
TEST_F(DatabaseImport, AKillLeavesTheOldOneOrTheNew) {
  ASSERT_TRUE(rig_.import(good_parts(1)));
  int steps = 1;
  for (; rig_.killed_after(good_parts(2), steps); ++steps) {
    SCOPED_TRACE(steps);
    ASSERT_LT(steps, 20);
    EXPECT_EQ(rig_.current(), 1U);
  }
  EXPECT_EQ(steps, 13);  // the seven that come once, and one for each of five files, all killed
  EXPECT_EQ(rig_.current(), 2U);
  EXPECT_EQ(rig_.content(), "1 2 current last lock");
  ASSERT_TRUE(rig_.killed_after(good_parts(3), 9));
  ASSERT_TRUE(rig_.import(good_parts(4)));
  EXPECT_EQ(rig_.content(), "2 4 current last lock");
}

// In the middle of a step, wherever that is.
TEST_F(DatabaseImport, AnEndAtAnyMomentLeavesTheOldOneOrTheNew) {
  ASSERT_TRUE(rig_.import(good_parts(1)));
  std::uint64_t before = 1;
  for (std::uint64_t serial = 2; serial < 32; ++serial) {
    const pid_t child = ::fork();
    if (child == 0) {
      // The signal has no handler: the process ends at once, as with SIGKILL.
      itimerval after{};
      after.it_value.tv_usec = static_cast<suseconds_t>(serial * 3000);
      ::setitimer(ITIMER_REAL, &after, nullptr);
      ::_exit(rig_.import(good_parts(serial)) ? 0 : 1);
    }
    const int status = tests::wait_for_all(child);
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << status;
    const std::uint64_t now = rig_.current();
    EXPECT_TRUE(now == before || now == serial) << now;
    before = now;
  }
  ASSERT_TRUE(rig_.import(good_parts(40)));
  EXPECT_EQ(rig_.current(), 40U);
}

// A disk of its own; only root can mount one.
class DatabaseImportDisk : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can mount a small disk";
    ASSERT_EQ(::mount("tmpfs", mount_.path().c_str(), "tmpfs", 0, "size=1m"), 0) << errno;
    mounted_ = true;
  }
  void TearDown() override {
    if (mounted_) ::umount2(mount_.path().c_str(), MNT_DETACH);
  }
  fs::path filler() const { return mount_.path() / "filler"; }
  void fill() const {
    std::ofstream out(filler(), std::ios::binary);
    const std::string page(4096, 'x');
    while (out.write(page.data(), static_cast<std::streamsize>(page.size())).flush()) continue;
  }

  const tests::Folder mount_;
  bool mounted_ = false;
};

TEST_F(DatabaseImportDisk, FullIsAClearError) {
  const ImportRig rig(mount_.path());
  ASSERT_TRUE(rig.import(good_parts(1)));
  // The bundle fits once, but not twice.
  std::string large = good_parts().contents[1];
  for (int i = 0; large.size() < 600'000; ++i) {
    large += "Sig" + std::to_string(i) +
             ":0:*:" + tests::samples::in_hex("this is number " + std::to_string(i)) + "\n";
  }
  Parts parts = good_parts(2);
  parts.manifest.files[1] = tests::bundles::file("local.ndb", large);
  parts.contents[1] = large;
  const std::string refusal = rig.refusal(parts);
  EXPECT_NE(refusal.find("local.ndb: write: No space left on device"), std::string::npos)
      << refusal;
  EXPECT_EQ(rig.current(), 1U);
  EXPECT_EQ(rig.content(), "1 current last lock");
}

TEST_F(DatabaseImportDisk, FullAtAnyStepLeavesTheOldOneOrTheNew) {
  const ImportRig rig(mount_.path());
  ASSERT_TRUE(rig.import(good_parts(1)));
  std::uint64_t serial = 1;
  for (const ImportStep at :
       {ImportStep::locked, ImportStep::verified, ImportStep::copied_one, ImportStep::copied,
        ImportStep::checked, ImportStep::packed, ImportStep::published, ImportStep::remembered}) {
    SCOPED_TRACE(static_cast<int>(at));
    const std::uint64_t before = rig.current();
    const auto imported = rig.import(good_parts(++serial), [&](ImportStep step) {
      if (step == at) fill();
    });
    EXPECT_EQ(rig.current(), imported ? serial : before);
    if (at == ImportStep::checked) {
      ASSERT_FALSE(imported);
      EXPECT_NE(imported.error().text.find("o space left on device"), std::string::npos)
          << imported.error().text;
    }
    EXPECT_EQ(rig.content().find("incoming"), std::string::npos) << rig.content();
    fs::remove(filler());
    EXPECT_TRUE(rig.import(good_parts(++serial)));
    EXPECT_EQ(rig.current(), serial);
  }
}

}  // namespace
}  // namespace scannerqube::database::io
