// SPDX-License-Identifier: GPL-2.0-or-later
// The way out of a scan: a volume of the clean files, from real qubes and from hostile ones.
#include <gtest/gtest.h>

#include "base/hash/sha256.hpp"
#include "base/sign/io/key_files.hpp"
#include "scanner-qube/release/release_list.hpp"
#include "scanner-qube/release/signed_list.hpp"
#include "scanner-qube/report/io/report_json.hpp"
#include "tests/scan-qube/scan_qube.hpp"
#include "tests/scanner-qube/samples.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace scanqube {
namespace {

namespace release = scannerqube::release;
namespace report = scannerqube::report;
using tests::samples::eicar;

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

class Release : public ScanQube {
 protected:
  static void TearDownTestSuite() { restart("sallyport-scanner"); }

  std::string at(const std::string& name) const { return (folder_.path() / name).string(); }
  // The medium of medium(), with folders and names that do harm, and a file that is not clean.
  std::string odd_medium() const {
    const std::string image = medium({{"eicar.com", eicar()}});
    tests::write_file(at("file"), "in a folder\n");
    tests::shell("mmd -i " + image +
                 " ::/sub ::/sub/deep ::/.git; for f in sub/deep/inner.txt "
                 "sub/invoice.pdf.exe .git/config autorun.inf \"sub/a  b.txt\"; do mcopy -i " +
                 image + " " + at("file") + " \"::/$f\"; done");
    return image;
  }
  // The files of a volume, by path, as mtools reads them.
  std::map<std::string, std::string> files_of(const std::string& image) const {
    std::map<std::string, std::string> files;
    tests::shell("rm -rf " + at("read") + "; mkdir " + at("read") + "; mcopy -s -Q -i " + image +
                 " ::/ " + at("read"));
    for (const auto& each : fs::recursive_directory_iterator(at("read"))) {
      if (!each.is_regular_file()) continue;
      files[fs::relative(each.path(), at("read")).string()] = tests::slurp(each.path().string());
    }
    return files;
  }
  static bool sound(const std::string& check, const std::string& image) {
    return rig::run_program({check, "-n", image}, rig::deadline_after(long_enough)).has_value();
  }
  static std::string list_of(const Answer& answer) {
    const auto key = base::sign::io::read_public_key(paths().etc() / "scan.pub");
    const std::string kept =
        tests::slurp((paths().scans() / "reports" /
                      (base::hash::to_hex(answer.statement->facts.root) + ".files"))
                         .string());
    const auto list = release::open_list(*key, answer.signed_text, kept);
    EXPECT_TRUE(list) << list.error().text;
    return list ? std::string(*list) : std::string();
  }
  static release::ReleaseList parsed(const std::string& list, const Answer& answer) {
    auto all = release::parse_list(base::wire::as_bytes(list), answer.statement->facts.medium_size);
    EXPECT_TRUE(all);
    return all ? *std::move(all) : release::ReleaseList();
  }

  const tests::Folder folder_;
};

TEST_F(Release, HasTheCleanFilesAndSaysWhatItHasNot) {
  const std::string image = odd_medium();
  const std::string name = snapshot_of(image);
  const Answer answer = ask("scan " + name);
  ASSERT_EQ(answer.word, "done infected new") << answer;
  const std::string said = command("release dom0:" + name + " --to " + at("out.img"));
  EXPECT_TRUE(has(said, "left out: 1 files that are not clean\n")) << said;
  EXPECT_TRUE(has(said, "eicar.com: FOUND Test.Signature.")) << said;
  EXPECT_TRUE(said.ends_with(": " + at("out.img") + "\nstatus=0\n")) << said;
  EXPECT_TRUE(sound("fsck.vfat", at("out.img")));
  const auto files = files_of(at("out.img"));
  const std::string inner = "in a folder\n";
  EXPECT_EQ(files.at("small.txt"), "hello\n");
  EXPECT_EQ(files.at("big.bin"), tests::random_bytes(700'001, 1));
  EXPECT_EQ(files.at("sub/deep/inner.txt"), inner);
  EXPECT_EQ(files.at("sub/invoice_pdf.exe"), inner);
  EXPECT_EQ(files.at("_.git/config"), inner);
  EXPECT_EQ(files.at("_autorun.inf"), inner);
  EXPECT_EQ(files.at("sub/a b.txt"), inner);
  EXPECT_EQ(files.size(), 7U + 2U) << "and the manifest and the report";
  for (const auto& [path, content] : files) EXPECT_NE(content, eicar()) << path;
  EXPECT_FALSE(has(tests::slurp(at("out.img")), eicar()));
  // The report is the signed one, and the manifest is what sha256sum reads.
  EXPECT_EQ(files.at("SALLYPORT-REPORT.TXT"), answer.signed_text);
  const std::string& manifest = files.at("SALLYPORT-MANIFEST.TXT");
  EXPECT_TRUE(has(manifest, "# part 0: eicar.com: FOUND Test.Signature.")) << manifest;
  EXPECT_TRUE(has(manifest, "# left out: 1 files that are not clean\n")) << manifest;
  tests::shell("cd " + at("read") + " && sha256sum --quiet --strict -c SALLYPORT-MANIFEST.TXT");
  EXPECT_TRUE(command("verify " + at("read") + "/SALLYPORT-REPORT.TXT " + image)
                  .ends_with("verdict: infected\nstatus=1\n"));
}

TEST_F(Release, TakesTheFormatThatIsAskedFor) {
  const std::string name = snapshot_of(medium({{"f", "format"}}));
  ASSERT_EQ(ask("scan " + name).word, "done clean new");
  const std::string said = command("release " + name + " --format exfat --to " + at("out.img"));
  EXPECT_TRUE(has(said, "released: 3 files, on exFAT of ")) << said;
  EXPECT_FALSE(has(said, "left out")) << said;
  EXPECT_TRUE(sound("fsck.exfat", at("out.img")));
  // The same again, byte for byte.
  EXPECT_TRUE(
      has(command("release " + name + " --format exfat --to " + at("again.img")), "status=0"));
  EXPECT_EQ(tests::slurp(at("again.img")), tests::slurp(at("out.img")));
  EXPECT_TRUE(has(command("release " + name + " --format ntfs --to " + at("x")), "status=2"));
  EXPECT_TRUE(has(command("release " + name), "status=2"));
}

TEST_F(Release, WritesOverNothingUnasked) {
  const std::string name = snapshot_of(medium({{"o", "overwrite"}}));
  ASSERT_EQ(ask("scan " + name).word, "done clean new");
  tests::write_file(at("mine"), "mine");
  const std::string words = "release " + name + " --to ";
  const std::string refused = command(words + at("mine"));
  EXPECT_TRUE(has(refused, "is there already")) << refused;
  EXPECT_TRUE(refused.ends_with("status=1\n")) << refused;
  EXPECT_EQ(tests::slurp(at("mine")), "mine");
  EXPECT_TRUE(command(words + at("mine") + " --overwrite").ends_with("status=0\n"));
  EXPECT_TRUE(sound("fsck.vfat", at("mine")));
  EXPECT_TRUE(has(command(words + at("no/such/folder")), "No such file or directory"));
  EXPECT_TRUE(has(command(words + folder_.path().string() + " --overwrite"),
                  "is neither a file nor a block device"));
  EXPECT_TRUE(has(command("release nothing-there --to " + at("x")),
                  "nothing was released: there is no snapshot nothing-there"));
  const std::string unscanned = snapshot_of(medium({{"u", "unscanned"}}));
  EXPECT_TRUE(has(command("release " + unscanned + " --to " + at("x")), "scan it first"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1);
}

TEST_F(Release, OfWhatWasNotExaminedInFullOnlyWhenThatIsSaid) {
  // A zip whose member is encrypted: nobody looked into it.
  tests::write_file(at("secret"), "secret");
  tests::shell("cd " + folder_.path().string() + " && zip -q -P password locked.zip secret");
  const std::string name = snapshot_of(medium({{"locked.zip", tests::slurp(at("locked.zip"))}}));
  ASSERT_EQ(ask("scan " + name).word, "done incomplete new");
  const std::string words = "release " + name + " --to " + at("out.img");
  const std::string refused = command(words);
  EXPECT_TRUE(has(refused, "nothing was released: not all of the medium was examined")) << refused;
  EXPECT_FALSE(fs::exists(at("out.img")));
  const std::string said = command(words + " --incomplete");
  EXPECT_TRUE(has(said, "INCOMPLETE: ")) << said;
  const auto files = files_of(at("out.img"));
  EXPECT_EQ(files.size(), 4U);
  EXPECT_FALSE(files.contains("locked.zip"));
  EXPECT_TRUE(has(files.at("SALLYPORT-MANIFEST.TXT"), "# INCOMPLETE: "));
  EXPECT_TRUE(has(files.at("SALLYPORT-REPORT.TXT"), "\"verdict\":\"incomplete\""));
}

TEST_F(Release, AQubeThatLiesInItsListIsNotBelieved) {
  const std::string name = snapshot_of(medium({{"eicar.com", eicar()}, {"lies", "lies"}}));
  const Answer honest = ask("scan " + name);
  ASSERT_EQ(honest.word, "done infected new") << honest;
  const std::string answered = report::encode_report(*honest.statement->report);
  const release::ReleaseList good = parsed(list_of(honest), honest);
  ASSERT_EQ(good.size(), 3U);
  const auto say = [&](const std::string& list) {
    use_hostile("list", {{"report", answered}, {"files", list}});
    return ask("scan " + name + " again=yes");
  };
  const auto encoded = [](const release::ReleaseList& list) {
    return std::string(base::wire::as_text(release::encode(list)));
  };
  const auto refused = [&](const std::string& list, const std::string& why) {
    const Answer answer = say(list);
    EXPECT_EQ(answer.word, "done failed new") << answer;
    EXPECT_TRUE(has(answer.reason(), why)) << answer;
  };
  base::hash::Sha256 sha256;
  auto infected = good;
  infected[1].sha256 = sha256({base::wire::as_bytes(eicar())});
  refused(encoded(infected), "which its report does not call clean");
  auto renamed = good;
  renamed[0].path = "eicar.com";
  refused(encoded(renamed), "which its report does not call clean");
  auto outside = good;
  outside[0].extents.at(0).where.offset = honest.statement->facts.medium_size;
  refused(encoded(outside), "content that lies outside the medium");
  std::string million = encoded(good);
  million[8] = '\x40';
  million[9] = '\x42';
  million[10] = '\x0f';
  refused(million, "more files than allowed");
  // The good report of before is still there, with its list: a failed scan takes no place.
  EXPECT_TRUE(has(command("release " + name + " --to " + at("good.img")), "status=0"));
  EXPECT_FALSE(files_of(at("good.img")).contains("eicar.com"));

  // What the desk cannot see: another content under a clean file's hash. The writer does.
  auto content = good;
  content[0].extents.at(0).where.offset += 512;
  ASSERT_EQ(say(encoded(content)).word, "done infected new");
  const std::string said = command("release " + name + " --to " + at("bad.img"));
  EXPECT_TRUE(has(said, "has the SHA-256 ")) << said;
  EXPECT_TRUE(said.ends_with("status=1\n")) << said;
  EXPECT_FALSE(fs::exists(at("bad.img")));
}

// Whoever has the folder cannot give one report another one's list.
TEST_F(Release, AListIsOfOneReport) {
  const std::string one = snapshot_of(medium({{"one", "one"}}));
  const std::string two = snapshot_of(medium({{"two", "two"}}));
  const Answer first = ask("scan " + one);
  const Answer second = ask("scan " + two);
  ASSERT_TRUE(first.statement && second.statement);
  const auto kept = [](const Answer& answer) {
    return paths().scans() / "reports" /
           (base::hash::to_hex(answer.statement->facts.root) + ".files");
  };
  fs::copy_file(kept(first), kept(second), fs::copy_options::overwrite_existing);
  const std::string said = command("release " + two + " --to " + at("out.img"));
  EXPECT_TRUE(has(said, "is not that of this report")) << said;
  EXPECT_FALSE(fs::exists(at("out.img")));
}

}  // namespace
}  // namespace scanqube
