// SPDX-License-Identifier: GPL-2.0-or-later
// Media made by the usual tools, read by libtsk and scanned by libclamav, each in its workers.
#include "scanner-qube/scan/io/scan_medium.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <fstream>

#include "base/hash/sha256.hpp"
#include "base/io/files.hpp"
#include "base/io/sealed_file.hpp"
#include "scanner-qube/engine/io/clamav_engine.hpp"
#include "scanner-qube/report/io/report_json.hpp"
#include "scanner-qube/report/report_lines.hpp"
#include "scanner-qube/unlock/io/open_with.hpp"
#include "tests/places.hpp"
#include "tests/scanner-qube/report/schema.hpp"
#include "tests/scanner-qube/samples.hpp"
#include "tests/scanner-qube/unlock/volumes.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace scannerqube {
namespace {

namespace fs = std::filesystem;
using tests::samples::eicar;

class ScanMedium : public testing::Test {
 protected:
  ScanMedium() {
    tests::samples::write_signatures(root() / "db");
    fs::create_directory(root() / "load");
    auto engine = io::ClamavEngine::load(
        {.databases = {root() / "db"}, .limits = {}, .temporary = root() / "load"});
    if (engine) engine_ = std::move(*engine);
  }
  fs::path root() const { return folder_.path(); }
  std::string put(const std::string& name, const std::string& content) {
    const fs::path path = root() / name;
    std::ofstream(path, std::ios::binary) << content;
    return path.string();
  }
  MediumReport scan(const volume::ForkableSource& source,
                    volume::Deleted deleted = volume::Deleted::leave_out) {
    fs::remove_all(root() / "workers");
    fs::create_directory(root() / "workers");
    io::ScanOptions options;
    options.deleted = deleted;
    options.pool.workers = 2;
    options.pool.folder = root() / "workers";
    options.cache = cache_;
    if (!passphrase_.empty()) {
      auto passphrase = base::io::sealed_copy(base::wire::as_bytes(passphrase_));
      EXPECT_TRUE(passphrase) << passphrase.error().text;
      if (passphrase) options.open = unlock::open_with(*std::move(passphrase));
    }
    auto report = io::scan_medium(source, *engine_, options);
    EXPECT_TRUE(report) << report.error().text;
    if (report) coverage_ = report->coverage;
    if (report) clean_files_ = report->clean_files.size();
    return report ? report->found : MediumReport();
  }
  MediumReport scan(const std::string& image,
                    volume::Deleted deleted = volume::Deleted::leave_out) {
    const auto source = volume::FileSource::open(image);
    EXPECT_TRUE(source) << source.error().text;
    return scan(**source, deleted);
  }
  static bool found(const MediumReport& report, const std::string& path) {
    return report::as_lines(report).find(path + ": FOUND ") != std::string::npos;
  }

  const tests::Folder folder_;
  std::unique_ptr<io::ClamavEngine> engine_;
  report::Coverage coverage_;    // of the last scan
  std::size_t clean_files_ = 0;  // of its list
  std::string passphrase_;
  const VerdictCache* cache_ = nullptr;
};

TEST_F(ScanMedium, AMediumOfHarmlessFilesIsClean) {
  for (const std::string& image : {tests::fat_image(folder_, 32), tests::exfat_image(folder_),
                                   tests::ntfs_image(folder_), tests::ext_image(folder_, "ext4")}) {
    SCOPED_TRACE(image);
    const MediumReport report = scan(image);
    EXPECT_EQ(report.verdict(), Verdict::clean) << report::as_lines(report);
    EXPECT_GE(report.files, 2U);
    EXPECT_EQ(report.clean_files, report.files);
    EXPECT_TRUE(report::check(coverage_, fs::file_size(image)));
    EXPECT_FALSE(coverage_.leaves_gap());
    EXPECT_GT(coverage_.of(report::Use::file), 0U);
    EXPECT_GT(coverage_.of(report::Use::free), 0U);
  }
}

// Its stream of bad clusters is as large as the volume, and a hole.
TEST_F(ScanMedium, ALargeNtfsIsClean) {
  const std::string image = tests::blank(folder_, "large.img", 1500);
  tests::shell("mkntfs -F -Q -q " + image);
  const MediumReport report = scan(image);
  EXPECT_EQ(report.verdict(), Verdict::clean) << report::as_lines(report);
}

TEST_F(ScanMedium, TheTestFileIsFoundWhereverItLies) {
  const std::string file = put("eicar.com", eicar());
  tests::shell("cd " + root().string() + " && zip -q packed.zip eicar.com");
  const std::string fat = tests::fat_image(folder_, 16);
  tests::shell("mmd -i " + fat + " ::/sub && mcopy -i " + fat + " " + file +
               " ::/sub/ && mcopy -i " + fat + " " + (root() / "packed.zip").string() + " ::/");
  const MediumReport report = scan(fat);
  EXPECT_EQ(report.verdict(), Verdict::infected);
  EXPECT_EQ(report.infected_files, 2U) << report::as_lines(report);
  EXPECT_TRUE(found(report, "sub/eicar.com")) << report::as_lines(report);
  EXPECT_TRUE(found(report, "packed.zip")) << report::as_lines(report);
  ASSERT_FALSE(report.told.empty());

  // Where a mount does not show it.
  const std::string ntfs = tests::ntfs_image(folder_);
  tests::shell("ntfscp -f -q " + ntfs + " " + put("plain", "harmless") +
               " notes.txt && ntfscp -f -q -N hidden " + ntfs + " " + file + " notes.txt");
  EXPECT_TRUE(found(scan(ntfs), "notes.txt:hidden")) << report::as_lines(scan(ntfs));
}

TEST_F(ScanMedium, WhatIsEncryptedIsScannedWithItsPassphrase) {
  const std::string ext = tests::ext_image(folder_, "ext4");
  const std::string ntfs = tests::ntfs_image(folder_);
  std::string shown;
  for (const std::string& image :
       {tests::luks1_of(folder_, ext), tests::luks2_of(folder_, ext),
        tests::bitlocker_of(folder_, ntfs, tests::BitlockerCipher::xts, shown)}) {
    SCOPED_TRACE(image);
    passphrase_ = "";
    EXPECT_EQ(scan(image).verdict(), Verdict::incomplete);
    EXPECT_GT(coverage_.of(report::Use::unread), 0U);
    passphrase_ = "wrong";
    EXPECT_EQ(scan(image).verdict(), Verdict::incomplete);
    passphrase_ = tests::passphrase;
    const MediumReport report = scan(image);
    EXPECT_EQ(report.verdict(), Verdict::clean) << report::as_lines(report);
    EXPECT_EQ(report.opened_parts, std::vector<std::uint32_t>{0});
    EXPECT_GE(report.clean_files, 3U);
    EXPECT_EQ(clean_files_, 0U) << "nobody finds them on the medium";
    EXPECT_TRUE(report::check(coverage_, fs::file_size(image)));
    EXPECT_FALSE(coverage_.leaves_gap());
    EXPECT_GT(coverage_.of(report::Use::file), 700'000U);
  }
}

TEST_F(ScanMedium, TheTestFileIsFoundInWhatIsEncrypted) {
  const std::string fat = tests::fat_image(folder_, 16);
  tests::shell("mcopy -i " + fat + " " + put("eicar.com", eicar()) + " ::/");
  passphrase_ = tests::passphrase;
  // In a partition of its own, beside one that anybody can read.
  const std::string luks = tests::luks2_of(folder_, fat);
  const std::string disk = tests::blank(folder_, "disk.img", 140);
  tests::shell(
      "printf 'label: dos\\nstart=2048, size=65536, type=c\\nstart=67584, type=83\\n' | "
      "sfdisk -q " +
      disk + " && dd if=" + tests::fat_image(folder_, 16) + " of=" + disk +
      " bs=512 seek=2048 conv=notrunc status=none && dd if=" + luks + " of=" + disk +
      " bs=512 seek=67584 conv=notrunc status=none");
  const MediumReport report = scan(disk);
  EXPECT_EQ(report.verdict(), Verdict::infected) << report::as_lines(report);
  EXPECT_EQ(report.opened_parts, std::vector<std::uint32_t>{1});
  EXPECT_NE(report::as_lines(report).find("part 1: eicar.com: FOUND"), std::string::npos)
      << report::as_lines(report);
  EXPECT_GT(clean_files_, 0U) << "of the part that is not encrypted";
}

// A volume of VeraCrypt may hold a second one that nobody can see.
TEST_F(ScanMedium, VeraCryptIsScannedAndNeverClean) {
  const std::string fat = tests::fat_image(folder_, 12);
  const std::string image = tests::veracrypt_of(folder_, fat);
  passphrase_ = tests::passphrase;
  const MediumReport harmless = scan(image);
  EXPECT_EQ(harmless.verdict(), Verdict::incomplete);
  EXPECT_GE(harmless.clean_files, 3U) << report::as_lines(harmless);
  EXPECT_NE(report::as_lines(harmless).find("another passphrase may open another volume in it"),
            std::string::npos);
  EXPECT_EQ(coverage_.of(report::Use::free), 0U) << "nobody knows";
  tests::shell("mcopy -i " + fat + " " + put("eicar.com", eicar()) + " ::/");
  EXPECT_EQ(scan(tests::veracrypt_of(folder_, fat)).verdict(), Verdict::infected);
}

// A lure is one by its name: what the same bytes are under another name does not matter, whichever
// is the first, and whatever a cache has.
TEST_F(ScanMedium, TheSameProgramUnderADocumentsNameIsALure) {
  const std::string program = tests::slurp("/bin/true");
  const std::string harmless = put("harmless", "[autorun]\nopen=a.bin\n");
  const std::string fat = tests::blank(folder_, "lures.img", 8);
  const std::string file = put("program", program);
  tests::shell("mkfs.vfat " + fat + " && mmd -i " + fat + " ::/sub");
  for (const char* name : {"a.bin", "b.pdf", "c.bin", "d.jpg"}) {
    tests::shell("mcopy -i " + fat + " " + file + " ::/" + name);
  }
  tests::shell("mcopy -i " + fat + " " + harmless + " ::/sub/a.txt && mcopy -i " + fat + " " +
               harmless + " ::/sub/autorun.inf");
  for (const bool cached : {false, true}) {
    const auto key = [](const std::string& bytes) {
      base::hash::Sha256 sha256;
      return ContentKey{.sha256 = sha256({base::wire::as_bytes(bytes)}), .size = bytes.size()};
    };
    const auto cache =
        VerdictCache::trusted(make_list({}, {key(program), key("[autorun]\nopen=a.bin\n")}));
    cache_ = cached ? &cache : nullptr;
    const MediumReport report = scan(fat);
    cache_ = nullptr;
    const std::string lines = report::as_lines(report);
    EXPECT_EQ(report.verdict(), Verdict::suspicious) << lines;
    EXPECT_EQ(report.suspicious_files, 3U) << lines;
    EXPECT_NE(lines.find("b.pdf: suspicious: Lure.Disguise: a Linux program, called .pdf"),
              std::string::npos)
        << lines;
    EXPECT_NE(lines.find("d.jpg: suspicious: Lure.Disguise: a Linux program, called .jpg"),
              std::string::npos)
        << lines;
    EXPECT_NE(lines.find("sub/autorun.inf: suspicious: Lure.Autorun: starts a.bin"),
              std::string::npos)
        << lines;
    EXPECT_EQ(report.files_from_cache, cached ? 3U : 0U) << lines;
  }
}

TEST_F(ScanMedium, ADeletedFileIsFoundWhenItIsAskedFor) {
  const std::string fat = tests::fat_image(folder_, 16);
  tests::shell("mcopy -i " + fat + " " + put("eicar.com", eicar()) + " ::/ && mdel -i " + fat +
               " ::/eicar.com");
  EXPECT_EQ(scan(fat).verdict(), Verdict::clean);
  const MediumReport report = scan(fat, volume::Deleted::include);
  EXPECT_EQ(report.verdict(), Verdict::infected) << report::as_lines(report);
  EXPECT_NE(report::as_lines(report).find("(deleted)"), std::string::npos);
}

TEST_F(ScanMedium, WhatLiesBehindTheEndOfAFileIsFoundWhenItIsAskedFor) {
  for (const std::string& image : {tests::fat_image(folder_, 16), tests::ext_image(folder_, "ext4"),
                                   tests::ntfs_image(folder_)}) {
    SCOPED_TRACE(image);
    const auto look = tests::look(image);
    const volume::Entry* entry = tests::find(look, "big.bin");
    ASSERT_TRUE(entry != nullptr && !entry->extents.empty());
    const std::uint64_t end = entry->extents.back().where.end();
    std::fstream file(image, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(end));
    file << eicar();
    file.close();
    EXPECT_EQ(scan(image).verdict(), Verdict::clean);
    const MediumReport report = scan(image, volume::Deleted::include);
    EXPECT_EQ(report.verdict(), Verdict::infected) << report::as_lines(report);
    EXPECT_TRUE(found(report, "big.bin [slack] (deleted)")) << report::as_lines(report);
    EXPECT_EQ(report.infected_files, 1U);
  }
}

TEST_F(ScanMedium, BootCodeAndWhatNoPartHasIsHashed) {
  const std::string disk = tests::blank(folder_, "disk.img", 40);
  tests::shell("printf 'label: dos\\nstart=2048, size=65536, type=c\\n' | sfdisk -q " + disk +
               " && dd if=" + tests::fat_image(folder_, 16) + " of=" + disk +
               " bs=512 seek=2048 conv=notrunc status=none");
  const auto areas = [&](const MediumReport& report, volume::AreaKind kind) {
    std::vector<HashedArea> of_kind;
    for (const HashedArea& each : report.areas) {
      if (each.area.kind == kind) of_kind.push_back(each);
    }
    return of_kind;
  };
  const MediumReport before = scan(disk);
  EXPECT_EQ(before.verdict(), Verdict::clean) << report::as_lines(before);
  ASSERT_EQ(areas(before, volume::AreaKind::boot_code).size(), 1U);
  ASSERT_EQ(areas(before, volume::AreaKind::space).size(), 2U) << "before and behind the part";
  for (const HashedArea& each : areas(before, volume::AreaKind::space)) EXPECT_TRUE(each.zeros);

  std::fstream file(disk, std::ios::binary | std::ios::in | std::ios::out);
  file << "boot";
  file.seekp(100'000);
  file << "between";
  file.close();
  const MediumReport after = scan(disk);
  const HashedArea boot = areas(after, volume::AreaKind::boot_code).at(0);
  EXPECT_FALSE(boot.zeros);
  EXPECT_EQ(base::wire::as_text(boot.sha256), tests::sha256(tests::slurp(disk).substr(0, 446)));
  EXPECT_NE(boot, areas(before, volume::AreaKind::boot_code)[0]);
  EXPECT_FALSE(areas(after, volume::AreaKind::space)[0].zeros);
  EXPECT_EQ(areas(after, volume::AreaKind::space)[1], areas(before, volume::AreaKind::space)[1]);
  EXPECT_NE(report::as_lines(after).find("boot-code at 0, 446 bytes: sha256 "), std::string::npos)
      << report::as_lines(after);
}

TEST_F(ScanMedium, WhatCannotBeReadIsNeverClean) {
  const std::string fat = tests::fat_image(folder_, 32);
  volume::Extent where;
  const auto look = tests::look(fat);
  for (const auto& [path, content] : tests::sample_files()) {
    const volume::Entry* entry = tests::find(look, path);
    if (entry != nullptr && !entry->extents.empty()) where = entry->extents.front();
  }
  ASSERT_GT(where.where.length, 0U);
  const tests::OddSource source(fat, where.where, [] { return false; });
  const MediumReport report = scan(source);
  EXPECT_EQ(report.verdict(), Verdict::incomplete) << report::as_lines(report);
  EXPECT_GE(report.incomplete_files, 1U) << report::as_lines(report);
  EXPECT_NE(report::as_lines(report).find("unreadable at byte"), std::string::npos);
  EXPECT_GE(coverage_.of(report::Use::unreadable), where.where.length);
  EXPECT_TRUE(report::check(coverage_, fs::file_size(fat)));

  fs::resize_file(fat, fs::file_size(fat) / 2);
  EXPECT_NE(scan(fat).verdict(), Verdict::clean);
  EXPECT_EQ(scan(put("noise", tests::random_bytes(1 << 20, 7))).verdict(), Verdict::incomplete);
}

TEST_F(ScanMedium, AContentIsScannedOnceHoweverOftenItIsThere) {
  const std::string fat = tests::fat_image(folder_, 16);
  const std::uint64_t before = scan(fat).files;
  const std::string small = put("small", "the same");
  const std::string large = put("large", tests::random_bytes(300'000, 9));
  const std::string bad = put("bad", eicar());
  for (int i = 0; i < 5; ++i) {
    for (const std::string& file : {small, large, bad}) {
      tests::shell("mcopy -i " + fat + " " + file + " ::/" + fs::path(file).filename().string() +
                   std::to_string(i));
    }
  }
  const MediumReport report = scan(fat);
  EXPECT_EQ(report.files, before + 15);
  EXPECT_EQ(report.repeated_files, 12U) << report::as_lines(report);
  EXPECT_EQ(report.scanned_clean.size(), before + 2);
  EXPECT_EQ(report.infected_files, 5U);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(found(report, "bad" + std::to_string(i)));
}

TEST_F(ScanMedium, ACacheSparesTheScanOfWhatItCallsCleanAndOfNothingElse) {
  const std::string fat = tests::fat_image(folder_, 32);
  const MediumReport first = scan(fat);
  ASSERT_EQ(first.verdict(), Verdict::clean) << report::as_lines(first);
  const auto signer = base::sign::KeyPair::generate();
  const CacheScope scope{};
  const auto cache = VerdictCache::open(
      base::wire::as_bytes(sign_cache(signer, make_list(scope, first.scanned_clean))),
      signer.public_key(), scope);
  ASSERT_TRUE(cache) << cache.error().text;
  cache_ = &*cache;
  const MediumReport second = scan(fat);
  EXPECT_EQ(second.verdict(), Verdict::clean);
  EXPECT_EQ(second.files, first.files);
  EXPECT_EQ(second.files_from_cache, first.files);
  EXPECT_TRUE(second.scanned_clean.empty());

  tests::shell("mcopy -i " + fat + " " + put("eicar.com", eicar()) + " ::/ && mcopy -i " + fat +
               " " + put("other", "hello!\n") + " ::/");
  const MediumReport third = scan(fat);
  EXPECT_EQ(third.verdict(), Verdict::infected);
  EXPECT_TRUE(found(third, "eicar.com"));
  EXPECT_EQ(third.files_from_cache, first.files);
  EXPECT_EQ(third.scanned_clean.size(), 1U);
}

TEST_F(ScanMedium, WhatTheEngineCouldNotLookAtIsNotLearned) {
  const std::string fat = tests::fat_image(folder_, 16);
  const MediumReport before = scan(fat);
  tests::shell("cd " + root().string() + " && echo secret > s && zip -q -P x locked.zip s");
  tests::shell("mcopy -i " + fat + " " + (root() / "locked.zip").string() + " ::/");
  const MediumReport report = scan(fat);
  EXPECT_EQ(report.verdict(), Verdict::incomplete) << report::as_lines(report);
  EXPECT_EQ(report.scanned_clean.size(), before.scanned_clean.size());
}

TEST_F(ScanMedium, TheProgramSaysItInItsExitStatus) {
  const std::string fat = tests::fat_image(folder_, 16);
  const auto run = [this](const std::string& words) {
    const std::string command = places::build() + "/bin/sallyport-scan-image " + words + " > " +
                                (root() / "out").string() + " 2>&1";
    const int status = std::system(command.c_str());  // NOLINT(cert-env33-c): the test's own words
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  const auto said = [this] { return *base::io::read_file(root() / "out", 1U << 20U); };
  const std::string with = " --database " + (root() / "db").string();
  EXPECT_EQ(run(fat + with), 0) << said();
  EXPECT_NE(said().find("verdict: clean\n"), std::string::npos) << said();
  tests::shell("mcopy -i " + fat + " " + put("eicar.com", eicar()) + " ::/");
  EXPECT_EQ(run(fat + with + " --json"), 1) << said();
  EXPECT_NE(
      said().find(R"("sha256":"275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f")"),
      std::string::npos)
      << said();
  const auto answer = report::parse_report(said());
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->verdict(), Verdict::infected);
  EXPECT_EQ(answer->limits, report::ScanLimits());
  EXPECT_EQ(tests::fit_schema({report::encode_report(*answer)}), std::vector<std::string>{"fits"});
  EXPECT_EQ(run(put("noise", tests::random_bytes(1 << 20, 7)) + with), 3) << said();
  EXPECT_EQ(run(fat), 2);
  EXPECT_EQ(run(fat + " --database /nonexistent"), 2);
  EXPECT_NE(said().find("/nonexistent"), std::string::npos) << said();
  EXPECT_EQ(run("/nonexistent" + with), 2);

  // With a cache: what one scan has learned, signed by another, spares the next one's work.
  const std::string harmless = tests::fat_image(folder_, 16);
  const std::string learned = (root() / "learned").string();
  ASSERT_EQ(run(harmless + with + " --cache-out " + learned), 0) << said();
  const auto additions =
      parse_additions(base::wire::as_bytes(*base::io::read_file(learned, max_cache_file)));
  ASSERT_TRUE(additions) << additions.error().text;
  EXPECT_GE(additions->clean.size(), 2U);
  const auto signer = base::sign::KeyPair::generate();
  const std::string keyed = with + " --cache " + put("cache", sign_cache(signer, *additions)) +
                            " --cache-key " + put("key.pub", signer.public_key().text());
  EXPECT_EQ(run(harmless + keyed), 0);
  EXPECT_NE(said().find("files are clean by the cache"), std::string::npos) << said();
  EXPECT_EQ(run(harmless + keyed + " --cache-medium " + std::string(64, 'a')), 0);
  EXPECT_NE(said().find("is not used"), std::string::npos) << said();
  tests::samples::add_signature(root() / "db", "Anything", "hello\n");
  EXPECT_EQ(run(harmless + keyed), 1) << "new signatures, old cache";
  EXPECT_NE(said().find("the cache is not used"), std::string::npos) << said();
  EXPECT_NE(said().find("of other signatures"), std::string::npos) << said();
  EXPECT_EQ(run(harmless + with + " --cache " + learned), 2) << "without a key";
  EXPECT_EQ(run(fat + with + " --time 0"), 2);
  EXPECT_EQ(run(fat + with + " --time 60"), 1);
}

}  // namespace
}  // namespace scannerqube
