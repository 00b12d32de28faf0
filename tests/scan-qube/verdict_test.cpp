// SPDX-License-Identifier: GPL-2.0-or-later
// What is asked and answered: verdicts of real media, known ones, new signatures, and who may not.
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash/merkle.hpp"
#include "base/io/files.hpp"
#include "base/io/pass_fd.hpp"
#include "base/io/unix_socket.hpp"
#include "base/sign/io/key_files.hpp"
#include "scanner-qube/report/signed_text.hpp"
#include "tests/scan-qube/scan_qube.hpp"
#include "tests/scanner-qube/samples.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace scanqube {
namespace {

using tests::samples::eicar;

// Computed from the image, as anybody can.
base::hash::Digest root_of(const std::string& content) {
  base::hash::Sha256 hash;
  base::hash::TreeBuilder tree;
  for (std::size_t at = 0; at < content.size(); at += base::hash::leaf_size) {
    const auto block = std::string_view(content).substr(at, base::hash::leaf_size);
    tree.push(base::hash::leaf_hash(hash, base::wire::as_bytes(block)));
  }
  return base::hash::root_of(content.size(), tree.finish());
}

TEST_F(ScanQube, ACleanMediumIsCleanAndSigned) {
  const std::string image = medium();
  const std::string name = snapshot_of(image);
  const Answer answer = ask("scan " + name + " device=sys-usb:sda");
  ASSERT_EQ(answer.word, "done clean new") << answer;
  ASSERT_EQ(answer.verdict(), Verdict::clean);
  const auto& facts = answer.statement->facts;
  EXPECT_EQ(facts.root, root_of(tests::slurp(image)));
  EXPECT_EQ(facts.medium_size, fs::file_size(image));
  EXPECT_EQ(facts.snapshot, name);
  EXPECT_EQ(facts.device.backend, "sys-usb");
  EXPECT_EQ(facts.device.port, "sda");
  EXPECT_EQ(facts.database.version, "1");
  EXPECT_NE(facts.approved_by.find(std::to_string(::getuid())), std::string::npos);
  EXPECT_LE(facts.started, facts.ended);
  ASSERT_TRUE(answer.statement->report);
  EXPECT_EQ(answer.statement->report->found.files, 2U);
  EXPECT_EQ(answer.statement->report->found.clean_files, 2U);
  // The same text is kept, and no other key's.
  const fs::path kept = paths().scans() / "reports" / (base::hash::to_hex(facts.root) + ".report");
  EXPECT_EQ(tests::slurp(kept.string()), answer.signed_text);
  const auto other = base::sign::io::make_key_files(paths().root() / "other.key");
  ASSERT_TRUE(other);
  EXPECT_FALSE(scannerqube::report::open_signed(*other, answer.signed_text));
}

TEST_F(ScanQube, TheTestFileIsFound) {
  const Answer answer = ask("scan " + snapshot_of(medium({{"eicar.com", eicar()}})));
  ASSERT_EQ(answer.word, "done infected new") << answer;
  ASSERT_TRUE(answer.statement && answer.statement->report);
  EXPECT_NE(answer.signed_text.find("Test.Signature.1"), std::string::npos) << answer.signed_text;
}

TEST_F(ScanQube, AKnownMediumTakesNoQube) {
  const std::string name = snapshot_of(medium({{"known.txt", "known\n"}}));
  const Answer first = ask("scan " + name);
  ASSERT_EQ(first.word, "done clean new") << first;
  const std::size_t before = served();
  const Answer second = ask("scan " + name);
  EXPECT_EQ(second.word, "done clean known") << second;
  EXPECT_EQ(second.signed_text, first.signed_text);
  EXPECT_EQ(served(), before);
  // Other limits are another question; so is one that is asked again.
  const Answer deleted = ask("scan " + name + " deleted=yes");
  EXPECT_TRUE(deleted.word.ends_with(" new")) << deleted;
  EXPECT_EQ(served(), before + 1);
  const Answer again = ask("scan " + name + " again=yes");
  EXPECT_EQ(again.word, "done clean new") << again;
  EXPECT_EQ(again.statement->facts.root, first.statement->facts.root);
  EXPECT_EQ(served(), before + 2);
}

TEST_F(ScanQube, AMediumThatCannotBeReadInPlacesIsNotClean) {
  const std::string image = medium();
  // In the middle of its largest file.
  const std::string map = image + ".map";
  tests::write_file(map, "0x0 +\n0x0 0x40000 +\n0x40000 0x1000 -\n0x41000 0x3bf000 +\n");
  const Answer answer =
      ask("scan " + snapshot_by({"--filter=ddrescue", "file", image, "ddrescue-mapfile=" + map}));
  ASSERT_TRUE(answer.statement) << answer;
  EXPECT_NE(answer.verdict(), Verdict::clean) << answer;
  EXPECT_NE(answer.verdict(), Verdict::infected) << answer;
}

TEST_F(ScanQube, NewSignaturesAreUsedAtOnce) {
  const std::string name = snapshot_of(medium({{"new.bin", "only the new signatures know this"}}));
  const Answer before = ask("scan " + name);
  ASSERT_EQ(before.word, "done clean new") << before;
  // One machine waits with the old ones.
  ASSERT_TRUE(wait_until([] { return ready_machines() > 0; })) << log_of("sallyport-scanner");
  import_database("2", "only the new signatures know this");
  const Answer after = ask("scan " + name);
  ASSERT_EQ(after.word, "done infected new") << after;
  EXPECT_EQ(after.statement->facts.database.version, "2");
  EXPECT_NE(after.statement->facts.database.sha256, before.statement->facts.database.sha256);
  import_database("3", eicar());
}

TEST_F(ScanQube, WithoutSignaturesItSaysWhatToDo) {
  const std::string name = snapshot_of(medium());
  const fs::path current = paths().scan_db() / "current";
  const fs::path aside = paths().scan_db() / "aside";
  fs::rename(current, aside);
  const Answer desk = ask("scan " + name);
  EXPECT_TRUE(desk.word.starts_with("failed ")) << desk;
  EXPECT_NE(desk.word.find("sallyport db import"), std::string::npos) << desk;
  Question scanner("scan", paths().scanner_socket());
  EXPECT_EQ(scanner.answer().word,
            "failed there is no database of signatures; bring one in with: sallyport db import "
            "BUNDLE");
  fs::rename(aside, current);
}

TEST_F(ScanQube, WhoeverAsksNothingKeepsNoMachine) {
  const std::size_t before = served();
  Question silent("", paths().scanner_socket());
  const std::string machine = wait_for_serving(before);
  const pid_t qemu = qemu_of(machine);
  EXPECT_EQ(silent.answer().word, "failed no request came within 5000 ms");
  EXPECT_TRUE(gone(machine, qemu)) << log_of("sallyport-scanner");
}

TEST_F(ScanQube, TheCommandTellsWhatTheDeskSays) {
  const std::string storage = " --storage dom0";
  const std::string name = snapshot_of(medium({{"eicar.com", eicar()}, {"by", "command"}}));
  const std::string out = (paths().root() / "report").string();
  const std::string first = command("dom0:" + name + " --wait --out " + out + storage);
  EXPECT_NE(first.find("eicar.com"), std::string::npos) << first;
  EXPECT_EQ(first.find("scanned before"), std::string::npos) << first;
  EXPECT_TRUE(first.ends_with("status=1\n")) << first;
  const std::string again = command("dom0:" + name + " --wait" + storage);
  EXPECT_TRUE(again.starts_with("These bytes were scanned before.\n")) << again;
  const std::string json = command("dom0:" + name + " --json" + storage);
  EXPECT_EQ(json, tests::slurp(out) + "status=1\n");
  const std::string missing = command("dom0:nothing-there --wait" + storage);
  EXPECT_NE(missing.find("not scanned: there is no snapshot nothing-there"), std::string::npos)
      << missing;
  EXPECT_TRUE(missing.ends_with("status=3\n")) << missing;
}

TEST_F(ScanQube, WhatIsNoRequestIsRefusedWithAReason) {
  EXPECT_TRUE(ask("scan ../../etc").word.starts_with("failed ")) << ask("scan ../../etc");
  EXPECT_EQ(ask("scan nothing-there").word, "failed there is no snapshot nothing-there");
  EXPECT_EQ(ask("drop snapshot1").word, "failed no request: 'scan NAME' is one");
}

// Asks as another user: what comes back. Often, because the answer may overtake the question.
std::string ask_as_nobody(const fs::path& socket, const std::string& request) {
  const auto pair = base::io::message_pair();
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setgroups(0, nullptr) != 0 || ::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(1);
    const auto desk = base::io::connect_unix(socket, base::io::SocketType::seqpacket);
    if (!desk) ::_exit(2);
    // A refusal may come before the request has gone.
    static_cast<void>(base::io::send_message(*desk, base::wire::as_bytes(request), {}));
    const auto heard = base::io::receive_message(*desk, 2048);
    const std::string word =
        heard ? std::string(base::wire::as_text(heard->data)) : heard.error().text;
    static_cast<void>(base::io::send_message(pair->second, base::wire::as_bytes(word + "."), {}));
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0) return "the child failed: " + std::to_string(status);
  const auto heard = base::io::receive_message(pair->first, 4096);
  return heard ? std::string(base::wire::as_text(heard->data)) : heard.error().text;
}

TEST_F(ScanQube, StrangersAreRefusedWithAReason) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root asks as somebody else";
  for (unsigned i = 0; i < 50; ++i) {
    ASSERT_EQ(ask_as_nobody(paths().scan_socket(), "scan snapshot1"),
              "failed you may not: be in group sallyport.");
    ASSERT_EQ(ask_as_nobody(paths().scanner_socket(), "scan"),
              "failed you may not: sallyport-scans asks here.");
    ASSERT_EQ(ask_as_nobody(paths().snapshot_socket(), "show snapshot1"),
              "failed you may not: be in group sallyport, or sallyport-view to look.");
  }
}

}  // namespace
}  // namespace scanqube
