// SPDX-License-Identifier: GPL-2.0-or-later
// Scans again: what newer signatures find, and what a scan that fails leaves alone.
#include "tests/scan-qube/scan_qube.hpp"
#include "tests/scanner-qube/samples.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace scanqube {
namespace {

using tests::samples::eicar;

class Again : public ScanQube {};

TEST_F(Again, TellsWhatNewSignaturesFindAndScansNothingElse) {
  drop_snapshots();  // else all of them would be scanned again
  import_database("10", eicar());
  const std::string old = snapshot_of(medium({{"later.bin", "found later"}}));
  const std::string clean = snapshot_of(medium({{"c", "stays clean"}}));
  ASSERT_EQ(ask("scan " + old).word, "done clean new");
  ASSERT_EQ(ask("scan " + clean).word, "done clean new");
  const std::string unscanned = snapshot_of(medium({{"n", "never scanned"}}));
  EXPECT_EQ(command("again " + old), old + ": clean, with the signatures in use\nstatus=0\n");
  import_database("11", "found later");
  const std::string said = command("again");
  EXPECT_NE(said.find(old + ": clean -> infected\n"), std::string::npos) << said;
  EXPECT_NE(said.find("later.bin: FOUND Test.Signature.11"), std::string::npos) << said;
  EXPECT_NE(said.find(clean + ": clean, as before\n"), std::string::npos) << said;
  EXPECT_EQ(said.find(unscanned), std::string::npos) << said;
  EXPECT_TRUE(said.ends_with("status=1\n")) << said;
  // Now all of them are known.
  const std::size_t before = served();
  EXPECT_EQ(command("again dom0:" + old + " " + clean + " --json"),
            R"({"before":"infected","now":"infected","reason":"","scanned":false,"snapshot":")" +
                old +
                "\"}\n"
                R"({"before":"clean","now":"clean","reason":"","scanned":false,"snapshot":")" +
                clean + "\"}\nstatus=1\n");
  EXPECT_EQ(served(), before);
  const std::string never = command("again " + unscanned);
  EXPECT_NE(never.find("not scanned: these bytes were not scanned yet"), std::string::npos);
  EXPECT_TRUE(never.ends_with("status=3\n")) << never;
}

TEST_F(Again, AScanThatFailsLeavesTheReportAlone) {
  import_database("12", eicar());
  const std::string name = snapshot_of(medium({{"k", "kept"}}));
  const Answer good = ask("scan " + name);
  ASSERT_EQ(good.word, "done clean new") << good;
  import_database("13", eicar());
  use_hostile("garbage", {});
  const fs::path verdicts = paths().scan_verdicts();
  std::map<std::string, std::string> notes;
  for (const auto& each : fs::directory_iterator(verdicts)) {
    notes[each.path().string()] = tests::slurp(each.path().string());
  }
  const std::string said = command("again " + name);
  EXPECT_NE(said.find(name + ": not scanned: it breaks the framing of its messages; the report "
                             "that is kept says clean\n"),
            std::string::npos)
      << said;
  EXPECT_TRUE(said.ends_with("status=3\n")) << said;
  EXPECT_EQ(ask("scan " + name + " again=yes").word, "done failed new");
  EXPECT_EQ(ask("report " + name).signed_text, good.signed_text);
  EXPECT_EQ(ask("report " + name).word, "done clean older");
  for (const auto& [path, note] : notes) EXPECT_EQ(tests::slurp(path), note) << path;
  restart("sallyport-scanner");
  EXPECT_EQ(ask("scan " + name).word, "done clean new");
  EXPECT_EQ(ask("report " + name).word, "done clean current");
}

// The desk looks at the signatures, an import ends, and only then is there a machine.
TEST_F(Again, SignaturesThatChangeInTheMiddleAreTakenOnce) {
  restart("sallyport-scanner", {"--ahead", "0"});
  const std::string name = snapshot_of(medium({{"m", "in the middle"}}));
  const auto booted = [] {
    const std::string log = log_of("sallyport-scanner");
    return log.find("event=boots", log.rfind("event=ready\n")) != std::string::npos;
  };
  Question question = begin("scan " + name);
  ASSERT_TRUE(wait_until(booted)) << log_of("sallyport-scanner");
  import_database("14", eicar());
  const Answer answer = question.answer();
  EXPECT_EQ(answer.word, "done clean new") << answer;
  ASSERT_TRUE(answer.statement);
  EXPECT_EQ(answer.statement->facts.database.version, "14");
  restart("sallyport-scanner");
}

}  // namespace
}  // namespace scanqube
