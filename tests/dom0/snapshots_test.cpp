// SPDX-License-Identifier: GPL-2.0-or-later
// Snapshots through dom0: filled, sealed, kept, given to qubes, asked about.
#include "tests/dom0/snapshots.hpp"
#include "base/sign/io/key_files.hpp"
#include "scanner-qube/report/verdict_note.hpp"

namespace dom0::test {
namespace {

using namespace std::string_literals;

TEST_F(Snapshots, WhatWasReadFirstIsWhatEverybodyGets) {
  begin();
  create("stick");
  EXPECT_NE(leases().find("_snapshot='stick' _fill='lazy' _seal='no' _read-only='yes'"),
            std::string::npos)
      << leases();
  EXPECT_TRUE(says("stick", R"("stored_blocks":0)")) << report("stick");
  EXPECT_TRUE(read_by_work("stick") == content_);
  // The stick shows something else from now on.
  scribble(0, content_.size(), 'x');
  EXPECT_TRUE(read_by_work("stick") == content_);
  const Ran sealed = tool("seal stick");
  EXPECT_EQ(sealed.code, 0) << sealed.out;
  EXPECT_TRUE(says("stick", R"("kind":"changed")")) << "the sample was read again";
  const Ran page = tool("show stick");
  EXPECT_NE(page.out.find("THE MEDIUM ANSWERED DIFFERENTLY"), std::string::npos) << page.out;
  EXPECT_EQ(tool("verify stick").code, 0);
}

// A stick can be scanned before it is given away; what is a snapshot, or becomes one, is past that.
TEST_F(Snapshots, APromptOffersToScanAMediumFirst) {
  begin();
  policy("sallyport.Block * * * ask\n");
  prompt("deny scan-first");
  EXPECT_NE(call("admin.vm.device.block.Attach+sys-usb+sda", "work"), ok);
  EXPECT_EQ(offered(1), "sys-usb:sda for work");
  EXPECT_NE(record({"\"kind\":\"decision\"", "refused at the prompt: it is to be scanned first"}),
            "")
      << audit();
  end_prompt();
  prompt("allow:sys-usb");
  create("stick");
  EXPECT_EQ(offered(2), "");
  wait_until([&] { return listed("stick:", "sys-snapshot"); }, "dom0 knows the snapshot");
  EXPECT_NE(call("admin.vm.device.block.Attach+sys-snapshot+stick", "work"), ok);
  EXPECT_EQ(offered(3), "");
}

// So can one that is assigned; it is not asked about again because it was snapshotted meanwhile.
TEST_F(Snapshots, AnAssignmentsQuestionOffersToScanItFirst) {
  begin();
  prompt("deny scan-first");
  const std::string medium = *base::io::read_file(root_ / "paper", 1U << 20U);
  EXPECT_EQ(call("admin.vm.device.block.Assign+sys-usb+sda", "work", "mode='ask-to-attach'"), ok);
  plug("");
  wait_until([this] { return !listed("sda:"); }, "unplugged");
  plug(medium);
  EXPECT_EQ(offered(1), "sys-usb:sda for work");
  EXPECT_NE(record({"\"kind\":\"assignment\"", "not attached by its assignment",
                    "refused at the prompt: it is to be scanned first"}),
            "")
      << audit();
  create("--seal --wait stick");
  EXPECT_TRUE(read_by_work("stick") == content_);
  EXPECT_EQ(questions().size(), 1U);
}

TEST_F(Snapshots, InOrderTheMediumIsReadAndLetGo) {
  begin();
  create("--in-order --seal --wait stick");
  wait_until([this] { return leases() == ok; }, "the stick can be unplugged");
  wait_until([this] { return listed("it can be unplugged"); }, "and is told so");
  plug("");
  EXPECT_TRUE(read_by_work("stick") == content_);
  EXPECT_NE(tool("list").out.find("sealed"), std::string::npos) << tool("list").out;
}

TEST_F(Snapshots, AStickThatIsUnpluggedComesBackToItsSnapshot) {
  begin();
  create("stick");
  plug("");
  wait_until([this] { return leases() == ok; }, "the lease ends");
  const Ran early = tool("complete stick");
  EXPECT_EQ(early.code, 1);
  EXPECT_NE(early.out.find("parts of the medium were never read"), std::string::npos) << early.out;
  plug("block=sda size=" + std::to_string(4 * mib) + " model=DataTraveler\n");
  wait_until([this] { return listed("sda:"); }, "it is back");
  create("stick");
  EXPECT_TRUE(read_by_work("stick") == content_);
}

TEST_F(Snapshots, SeveralQubesReadOneAtOnceAndOneWrites) {
  put("etc/sallyport/qubes.d/vault.conf", "label = black\n");
  put("etc/sallyport/qubes.d/mail.conf", "label = green\n");
  begin();
  for (const char* name : {"vault", "mail"}) {
    std::filesystem::create_directories(root_ / name);
    service(name, "sallyport.BlockAttach",
            "read backend port; while read -r line && [ -n \"$line\" ]; do :; done\nexec 3>&1\n"
            "exec " +
                program("sallyport-call") + " --socket " + (root_ / name / "agent.sock").string() +
                " $backend sallyport.Block+$port sh -c 'head -c 18 >/dev/null; echo attached >&3; "
                "exec 3>&-; cat >/dev/null'");
  }
  Process vault = agent("vault", "vault", "none");
  Process mail = agent("mail", "mail", "none");
  wait_until([this] { return running("vault") && running("mail"); }, "they connect");
  create("stick");
  wait_until([&] { return listed("stick:", "sys-snapshot"); }, "dom0 knows the snapshot");
  const auto attach_to = [this](const std::string& qube, const std::string& options) {
    return call("admin.vm.device.block.Attach+sys-snapshot+stick", qube, options);
  };
  EXPECT_EQ(attach_to("vault", ""), ok);
  EXPECT_EQ(attach_to("mail", "_read-only='no'"), ok);
  EXPECT_NE(report("stick").find(R"("readers":2,"writers":1)"), std::string::npos)
      << report("stick");
  EXPECT_NE(attach_to("work", "_read-only='no'").find("already attached"), std::string::npos);
  const Ran drop = tool("drop stick");
  EXPECT_EQ(drop.code, 1);
  EXPECT_NE(drop.out.find("in use"), std::string::npos) << drop.out;
  EXPECT_EQ(call("admin.vm.device.block.Detach+sys-snapshot+stick", "mail"), ok);
  EXPECT_NE(call("admin.vm.device.block.Attached", "vault").find("stick"), std::string::npos);
}

TEST_F(Snapshots, WritesStayApartUntilTheyAreCommitted) {
  begin();
  create("--in-order stick");
  wait_until([this] { return leases() == ok; }, "all was read");
  put("work/write", "");
  EXPECT_EQ(read_by_work("stick", "_read-only='no'").substr(0, 4), "over");
  EXPECT_TRUE(*base::io::read_file(medium(), 16U << 20U) == content_) << "the medium is as it was";
  std::filesystem::remove(root_ / "work/write");
  EXPECT_TRUE(read_by_work("stick") == content_) << "and so is what others read";
  const Ran diff = tool("diff stick");
  EXPECT_EQ(diff.out.find("0 65536 "), 0U) << diff.out;
  // Another stick is not written to.
  scribble(100, 1, '!');
  const Ran other = tool("commit stick sys-usb:sda");
  EXPECT_EQ(other.code, 1);
  EXPECT_NE(other.out.find("not what the snapshot was taken of; nothing was written"),
            std::string::npos)
      << other.out;
  put("medium", content_, 0666);
  const Ran committed = tool("commit stick sys-usb:sda");
  EXPECT_EQ(committed.code, 0) << committed.out;
  const std::string now = *base::io::read_file(medium(), 16U << 20U);
  EXPECT_EQ(now.substr(0, 4), "over");
  EXPECT_TRUE(now.substr(65536) == content_.substr(65536));
  EXPECT_EQ(tool("discard stick").code, 0);
  EXPECT_EQ(tool("diff stick").out, "");
}

TEST_F(Snapshots, AreExportedVerifiedKeptAndDropped) {
  begin();
  create("stick");
  const std::string image = (root_ / "image").string();
  const Ran early = tool("export stick " + image);
  EXPECT_EQ(early.code, 1);
  EXPECT_NE(early.out.find("parts of the medium were never read"), std::string::npos) << early.out;
  EXPECT_FALSE(std::filesystem::exists(image));
  EXPECT_EQ(tool("export --partial stick " + image).code, 0);
  EXPECT_EQ(std::filesystem::file_size(image), content_.size());
  EXPECT_EQ(tool("export stick " + image).code, 1) << "nothing is written over";
  EXPECT_EQ(tool("complete stick").code, 0);
  std::filesystem::remove(image);
  EXPECT_EQ(tool("export stick " + image).code, 0);
  EXPECT_TRUE(*base::io::read_file(image, 16U << 20U) == content_);
  EXPECT_EQ(tool("export --hashes stick " + image + ".hashes").code, 0);
  const std::string hashes = *base::io::read_file(image + ".hashes", 1U << 20U);
  const std::string root = hashes.substr(hashes.rfind("root ") + 5, 64);
  EXPECT_TRUE(says("stick", "\"root\":\"" + root)) << report("stick");
  EXPECT_EQ(tool("keep stick").code, 0);
  EXPECT_TRUE(std::filesystem::exists(root_ / "var/lib/sallyport-snapshot/stick/key"));
  EXPECT_EQ(call("admin.vm.device.block.Detach+sys-usb+sda", "sys-snapshot"), ok);
  EXPECT_EQ(tool("drop stick").code, 0);
  wait_until([this] { return tool("list").out == "no snapshots\n"; }, "it is gone");
  EXPECT_FALSE(std::filesystem::exists(root_ / "var/lib/sallyport-snapshot/stick"));
  EXPECT_FALSE(std::filesystem::exists(root_ / "run/sallyport-snapshot/keys/stick"));
  wait_until([this] { return !listed("stick:", "sys-snapshot"); }, "dom0 forgets it");
}

TEST_F(Snapshots, WrongNamesAndWishesAreRefusedInWords) {
  begin({"--quota", "64", "--largest", "64"});
  EXPECT_NE(tool("show nothing").out.find("there is no snapshot nothing"), std::string::npos);
  EXPECT_NE(tool("show ../etc").out.find("is no name of a snapshot"), std::string::npos);
  EXPECT_NE(tool("create sda").out.find("is no block device"), std::string::npos);
  EXPECT_NE(tool("create sys-usb:sdz x").out.find("doesn't expose block device 'sdz'"),
            std::string::npos);
  EXPECT_NE(tool("create sys-usb:sda Stick").out.find("Invalid snapshot option"),
            std::string::npos);
  create("one");
  EXPECT_EQ(call("admin.vm.device.block.Detach+sys-usb+sda", "sys-snapshot"), ok);
  // 4 MiB twice and what belongs to it are promised; 64 are all.
  create("two");
  EXPECT_EQ(call("admin.vm.device.block.Detach+sys-usb+sda", "sys-snapshot"), ok);
  const Ran full = tool("create sys-usb:sda three");
  EXPECT_EQ(full.code, 1);
  EXPECT_NE(full.out.find("the store is full; drop a snapshot"), std::string::npos) << full.out;
  // Of another size it is another medium.
  put("medium", content_ + std::string(512, 'x'), 0666);
  const Ran larger = tool("create sys-usb:sda one");
  EXPECT_EQ(larger.code, 1) << larger.out;
}

TEST_F(Snapshots, AKilledProcessLosesNothingThatWasSealed) {
  begin();
  create("--in-order --seal --wait stick");
  wait_until([this] { return leases() == ok; }, "all was read");
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    auto line = base::io::read_file(entry.path() / "cmdline", 4096);
    if (line && line->find("sallyport-snapshot\0--control"s) != std::string::npos &&
        line->find(root_.string()) != std::string::npos) {
      ::kill(std::stoi(entry.path().filename().string()), SIGKILL);
    }
  }
  wait_until([this] { return tool("verify stick").code == 0; }, "another process serves it");
  EXPECT_TRUE(read_by_work("stick") == content_);
  // Without the supervisor no process of a snapshot is left; with a new one all is there.
  supervisor_.end(SIGKILL);
  start_supervisor();
  wait_until([this] { return tool("verify stick").code == 0; }, "the lock is free");
  EXPECT_TRUE(read_by_work("stick") == content_);
}

TEST_F(Snapshots, ADaemonThatIsKilledFindsTheLeasesAgain) {
  begin();
  create("stick");
  daemon_.end(SIGKILL);
  start_daemon();
  wait_until([this] { return leases().find("sda") != std::string::npos; }, "the lease goes on");
  EXPECT_TRUE(read_by_work("stick") == content_);
}

using scannerqube::Verdict;
using scannerqube::report::VerdictNote;

class ScannedSnapshots : public Snapshots {
 protected:
  ScannedSnapshots() : key_(base::sign::KeyPair::generate()) {
    policy(
        "sallyport.Block * sys-snapshot sys-usb allow\n"
        "sallyport.Block * work sys-snapshot allow scan=clean,age<7d\n"
        "sallyport.Block * @anyvm @anyvm deny\n");
    put("etc/sallyport/scan.pub", key_.public_key().text(), 0644);
    std::filesystem::create_directories(verdicts());
  }
  std::filesystem::path verdicts() const { return root_ / "var/lib/sallyport-scan/verdicts"; }
  // As `show` tells it.
  std::string id_of(const std::string& name) {
    constexpr std::string_view before = R"("id":")";
    const std::string text = report(name);
    const std::size_t at = text.find(before);
    EXPECT_NE(at, std::string::npos) << text;
    return at == std::string::npos ? "" : text.substr(at + before.size(), 32);
  }
  static VerdictNote note_of(const std::string& id, Verdict verdict, std::int64_t days_old) {
    const std::int64_t now = std::time(nullptr);
    VerdictNote note{.verdict = verdict, .database_date = now - days_old * 86'400, .ended = now};
    EXPECT_TRUE(base::hash::from_hex(id, note.snapshot));
    return note;
  }
  void leave(const std::string& id, const std::string& text) {
    put("var/lib/sallyport-scan/verdicts/" + id, text, 0644);
  }
  bool may_work_have(const std::string& name) {
    const std::string answer = call("admin.vm.device.block.Attach+sys-snapshot+" + name, "work");
    if (answer != ok) {
      EXPECT_NE(answer.find("denied"), std::string::npos) << answer;
      return false;
    }
    EXPECT_EQ(call("admin.vm.device.block.Detach+sys-snapshot+" + name, "work"), ok);
    return true;
  }

  base::sign::KeyPair key_;
};

TEST_F(ScannedSnapshots, OnlyWhatWasFoundCleanIsGivenAway) {
  begin();
  create("stick");
  wait_until([&] { return listed("stick:", "sys-snapshot") && running("work"); },
             "dom0 knows the snapshot and the qube");
  const std::string id = id_of("stick");
  EXPECT_TRUE(listed(id, "sys-snapshot")) << "its id is its serial number";
  EXPECT_FALSE(may_work_have("stick")) << "nobody scanned it";
  for (const Verdict verdict :
       {Verdict::suspicious, Verdict::incomplete, Verdict::failed, Verdict::infected}) {
    leave(id, sign_note(key_, note_of(id, verdict, 1)));
    EXPECT_FALSE(may_work_have("stick")) << verdict_name(verdict);
  }
  leave(id, sign_note(key_, note_of(id, Verdict::clean, 8)));
  EXPECT_FALSE(may_work_have("stick")) << "old signatures";
  leave(id, sign_note(key_, note_of(id, Verdict::clean, -2)));
  EXPECT_FALSE(may_work_have("stick")) << "signatures of tomorrow";
  leave(id, sign_note(base::sign::KeyPair::generate(), note_of(id, Verdict::clean, 1)));
  EXPECT_FALSE(may_work_have("stick")) << "another's signature";
  leave(id, sign_note(key_, note_of(std::string(32, 'a'), Verdict::clean, 1)));
  EXPECT_FALSE(may_work_have("stick")) << "another snapshot's";
  leave(id, "clean\n");
  EXPECT_FALSE(may_work_have("stick")) << "no note";
  leave(id, sign_note(key_, note_of(id, Verdict::clean, 1)));
  EXPECT_TRUE(may_work_have("stick"));
  std::filesystem::remove(root_ / "etc/sallyport/scan.pub");
  EXPECT_FALSE(may_work_have("stick")) << "no key to check it with";
}

}  // namespace
}  // namespace dom0::test
