// SPDX-License-Identifier: GPL-2.0-or-later
// Encrypted media: shut without a passphrase, scanned with it, and the passphrase stays nowhere.
#include "tests/fakes/terminal.hpp"
#include "tests/scan-qube/scan_qube.hpp"
#include "tests/scanner-qube/samples.hpp"
#include "tests/scanner-qube/unlock/volumes.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace scanqube {
namespace {

using tests::samples::eicar;

class Encrypted : public ScanQube {
 protected:
  static bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
  }
  std::string scan(const std::string& snapshot, const std::string& more) const {
    return command("dom0:" + snapshot + " --storage dom0 --wait " + more);
  }
  std::string with_passphrase() const {
    return "--passphrase-file " + tests::passphrase_file(folder_);
  }
  static void start_asking(tests::Terminal& terminal, const std::string& snapshot) {
    terminal.start({"/usr/bin/env", "SALLYPORT_ROOT=" + paths().root().string(),
                    Daemons::program("sallyport"), "scan", "dom0:" + snapshot, "--storage", "dom0",
                    "--wait", "--passphrase"});
    EXPECT_TRUE(wait_until([&] {
      terminal.look(std::chrono::milliseconds(20));
      return terminal.shows("Passphrase for what is encrypted on dom0:" + snapshot + ": ");
    })) << terminal.screen();
  }
  bool ended(tests::Terminal& terminal) {
    terminal.look(std::chrono::milliseconds(20));
    const auto status = terminal.ended();
    if (status) status_ = *status;
    while (status && terminal.master()) {
      const std::size_t before = terminal.screen().size();
      terminal.look(std::chrono::milliseconds(20));
      if (terminal.screen().size() == before) break;
    }
    return status.has_value();
  }
  // Files below the daemons' root that have these bytes.
  static std::string holders_of(const std::string& bytes) {
    std::string found;
    for (const auto& each : fs::recursive_directory_iterator(paths().root())) {
      if (!each.is_regular_file()) continue;
      if (has(tests::slurp(each.path().string()), bytes)) found += each.path().string() + " ";
    }
    return found;
  }

  const tests::Folder folder_;
  int status_ = -1;
};

TEST_F(Encrypted, IsShutWithoutItsPassphraseAndScannedWithIt) {
  const std::string name = snapshot_of(tests::luks2_of(folder_, medium({{"eicar.com", eicar()}})));
  const std::string shut = scan(name, "");
  EXPECT_TRUE(has(shut, "part 0 is luks: encrypted; 'scan --passphrase' opens it")) << shut;
  EXPECT_TRUE(has(shut, "verdict: incomplete\nstatus=1\n")) << shut;

  const std::string open = scan(name, with_passphrase());
  EXPECT_TRUE(has(open, "part 0: eicar.com: FOUND Test.Signature.")) << open;
  EXPECT_TRUE(has(open, "part 0 was encrypted, and opened with the passphrase")) << open;
  EXPECT_TRUE(has(open, "verdict: infected\nstatus=1\n")) << open;
  EXPECT_FALSE(has(open, "scanned before")) << "a report without a passphrase answers no such scan";
  EXPECT_TRUE(has(scan(name, ""), "These bytes were scanned before.")) << "and this one does";

  // Its files are not the medium's bytes: nothing can take them from there.
  const std::string to = (folder_.path() / "out.img").string();
  const std::string released = command("release dom0:" + name + " --to " + to);
  EXPECT_TRUE(has(released, "left out: 2 clean ones")) << released;
  EXPECT_TRUE(has(released, "released: 0 files")) << released;
}

TEST_F(Encrypted, IsCleanWhereItIsAndThePassphraseStaysNowhere) {
  const std::string image = tests::luks1_of(folder_, medium());
  const std::string name = snapshot_of(image);
  const std::string said = scan(name, with_passphrase());
  EXPECT_TRUE(has(said, "verdict: clean\nstatus=0\n")) << said;
  EXPECT_EQ(holders_of(tests::passphrase), "");
  EXPECT_FALSE(has(log_of("sallyport-scans"), tests::passphrase));
  EXPECT_FALSE(has(log_of("sallyport-scanner"), tests::passphrase));
  EXPECT_TRUE(has(log_of("sallyport-scans"), "passphrase=yes"));
}

TEST_F(Encrypted, ThePassphraseIsTypedAndNotSeen) {
  const std::string name = snapshot_of(tests::luks1_of(folder_, medium()));
  tests::Terminal terminal;
  start_asking(terminal, name);
  // A letter too many, and it is taken back.
  terminal.type(tests::passphrase + "\xc3\xa4\x7f\r");
  EXPECT_TRUE(wait_until([&] { return ended(terminal); }));
  EXPECT_EQ(status_, 0) << terminal.screen();
  EXPECT_TRUE(terminal.shows("verdict: clean")) << terminal.screen();
  EXPECT_FALSE(terminal.shows("horse")) << terminal.screen();
}

TEST_F(Encrypted, CtrlCAtThePassphraseScansNothing) {
  tests::Terminal terminal;
  start_asking(terminal, snapshot_of(medium()));
  terminal.type("corr\x03");
  EXPECT_TRUE(wait_until([&] { return ended(terminal); }));
  EXPECT_EQ(WEXITSTATUS(status_), 3) << terminal.screen();
  EXPECT_TRUE(terminal.shows("no passphrase was given")) << terminal.screen();
}

TEST_F(Encrypted, StaysShutForAnotherPassphrase) {
  const std::string name = snapshot_of(tests::luks1_of(folder_, medium()));
  const std::string said =
      scan(name, "--passphrase-file " + tests::passphrase_file(folder_, "another one\n"));
  EXPECT_TRUE(has(said, "part 0 is luks: the passphrase does not open it")) << said;
  EXPECT_TRUE(has(said, "verdict: incomplete\nstatus=1\n")) << said;
}

TEST_F(Encrypted, AnythingElseIsRefused) {
  const std::string name = snapshot_of(medium());
  EXPECT_TRUE(has(scan(name, "--passphrase-file " + tests::passphrase_file(folder_, "")),
                  "the passphrase is empty"));
  EXPECT_TRUE(has(scan(name, "--passphrase-file /nonexistent"), "open /nonexistent"));
  EXPECT_TRUE(
      has(scan(name, "--passphrase-file " + tests::passphrase_file(folder_, std::string(513, 'x'))),
          "longer than 512 bytes"));
  EXPECT_TRUE(has(scan(name, "--remember " + with_passphrase()), "is not remembered"));
  // No terminal is here.
  EXPECT_TRUE(has(scan(name, "--passphrase </dev/null"), "--passphrase-file reads it"));
  // A request that has one brings it.
  EXPECT_TRUE(has(ask("scan " + name + " passphrase=yes").word, "failed a file comes with"));
}

}  // namespace
}  // namespace scanqube
