// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport scan` with real files: who signed, what was found, and whether the image is the one.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "base/hash/merkle.hpp"
#include "base/io/files.hpp"
#include "base/io/pass_fd.hpp"
#include "base/io/sealed_file.hpp"
#include "base/io/unix_socket.hpp"
#include "base/sign/io/key_files.hpp"
#include "cli/io/image_root.hpp"
#include "cli/io/scan_device.hpp"
#include "cli/io/scan_tool.hpp"
#include "scanner-qube/report/signed_text.hpp"
#include "tests/cli/fake_admin.hpp"
#include "tests/scanner-qube/report/sample_report.hpp"

namespace cli::test {
namespace {

namespace fs = std::filesystem;
namespace report = scannerqube::report;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

class ScanTool : public testing::Test {
 protected:
  ScanTool() {
    fs::create_directories(root_.paths().etc());
    const Outcome made = run({"key"});
    EXPECT_EQ(made.code, 0) << made.err;
    for (std::size_t i = 0; i < medium_.size(); ++i) medium_[i] = static_cast<char>(i % 251);
    put("image", medium_);
  }

  Outcome run(const Words& words) {
    // Reports are read, and named snapshots scanned, without the daemon.
    const Admin nobody = [](const AdminCall&) -> AdminAnswer {
      return base::Unexpected{
          AdminFailure{.kind = AdminFailure::Kind::unreachable, .type = {}, .text = "no daemon"}};
    };
    return io::run_scan(words, nobody, root_.paths(), 80);
  }
  std::string at(const std::string& name) const { return (root_.path() / name).string(); }
  std::string put(const std::string& name, const std::string& content) {
    std::ofstream(at(name), std::ios::binary) << content;
    return at(name);
  }

  report::ScanFacts facts() const {
    report::ScanFacts facts = tests::sample_facts();
    const auto root = io::root_of_image(at("image"), medium_.size());
    EXPECT_TRUE(root) << root.error().text;
    if (root) facts.root = *root;
    return facts;
  }
  // As dom0 does it.
  std::string sign(const report::Statement& statement) {
    const auto pair = base::sign::io::read_secret_key(root_.paths().etc() / "scan.key");
    EXPECT_TRUE(pair) << pair.error().text;
    if (!pair) return {};
    const auto text = report::sign_statement(*pair, statement);
    EXPECT_TRUE(text) << text.error().text;
    return text ? *text : std::string();
  }
  std::string sign(const report::ScanReport& scanned) {
    return sign(report::judge(facts(), report::encode_report(scanned)));
  }
  std::string clean() { return put("clean", sign(tests::clean_report())); }
  std::string infected() { return put("infected", sign(tests::infected_report())); }

  const TemporaryRoot root_;
  std::string medium_ = std::string(tests::sample_medium, '\0');
};

TEST_F(ScanTool, ACleanReportOfThisImageIsZero) {
  const Outcome outcome = run({"verify", clean(), at("image")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "image:    the bytes that were scanned\n")) << outcome.out;
  EXPECT_TRUE(contains(outcome.out, "snapshot: sda-20261129-040000, 1048576 bytes\n"));
  EXPECT_TRUE(contains(outcome.out, "root:     " + base::hash::to_hex(facts().root) + "\n"));
  EXPECT_TRUE(contains(outcome.out, "device:   sys-usb:sda 0951:1666 Kingston DataTraveler\n"));
  EXPECT_TRUE(contains(outcome.out, "approved: by rule 30-user.policy:3, 2026-11-29 "));
  EXPECT_TRUE(outcome.out.ends_with("verdict: clean\n")) << outcome.out;
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(run({"verify", clean()}).code, 0);
  EXPECT_TRUE(contains(run({"verify", clean()}).out, "image:    not compared\n"));
}

TEST_F(ScanTool, WhatIsNotCleanIsOne) {
  const Outcome outcome = run({"verify", infected(), at("image")});
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "part 0: sub/evil.exe: FOUND Test.Signature in in.zip\n"));
  EXPECT_TRUE(contains(outcome.out, "odd\\xe2\\x80\\xae\\x1b[31m"));
  EXPECT_TRUE(outcome.out.ends_with("verdict: infected\n"));
  const std::string failed = put("failed", sign(report::failed_statement(facts(), "it hung")));
  EXPECT_EQ(run({"verify", failed}).code, 1);
  EXPECT_TRUE(contains(run({"verify", failed}).out, "no valid report: it hung\nverdict: failed\n"));
}

TEST_F(ScanTool, AnotherImageIsNotVerifiedAndShowsNoVerdict) {
  std::string other = medium_;
  other[700'000] = '!';
  for (const std::string& content : {other, medium_ + '\0', medium_.substr(1), std::string()}) {
    const Outcome outcome = run({"verify", clean(), put("other", content)});
    EXPECT_EQ(outcome.code, io::exit_not_verified);
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(contains(outcome.err, "not the medium that was scanned")) << outcome.err;
  }
  EXPECT_EQ(run({"verify", clean(), at("nothing")}).code, io::exit_not_verified);
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
  EXPECT_TRUE(contains(run({"verify", clean(), at("fifo")}).err, "neither a file nor a block"));
}

TEST_F(ScanTool, AReportThatWasChangedIsNotVerified) {
  std::string text = sign(tests::infected_report());
  text.replace(text.rfind("\"verdict\":\"infected\""), 20, "\"verdict\":\"clean\"");
  const Outcome outcome = run({"verify", put("changed", text)});
  EXPECT_EQ(outcome.code, io::exit_not_verified);
  EXPECT_EQ(outcome.out, "");
  EXPECT_TRUE(contains(outcome.err, "signature does not fit")) << outcome.err;
  EXPECT_EQ(run({"verify", put("cut", text.substr(0, 500))}).code, io::exit_not_verified);
  EXPECT_EQ(run({"verify", put("empty", "")}).code, io::exit_not_verified);
  EXPECT_EQ(run({"verify", at("nothing")}).code, io::exit_not_verified);
  // A report without a signature is none that could be verified.
  EXPECT_EQ(run({"verify", put("plain", report::encode_report(tests::clean_report()))}).code,
            io::exit_not_verified);
}

// Signed with the right key, but no statement that we would make.
TEST_F(ScanTool, ASignedLineThatContradictsItselfIsNotVerified) {
  const auto pair = base::sign::io::read_secret_key(root_.paths().etc() / "scan.key");
  ASSERT_TRUE(pair);
  report::Statement statement =
      report::judge(facts(), report::encode_report(tests::infected_report()));
  statement.report->said = scannerqube::Verdict::clean;
  const std::string lying = report::sign_line(*pair, report::encode_statement(statement));
  const Outcome outcome = run({"verify", put("lying", lying)});
  EXPECT_EQ(outcome.code, io::exit_not_verified);
  EXPECT_TRUE(contains(outcome.err, "it says clean, but what it holds is infected"));
}

TEST_F(ScanTool, TheKeyDecides) {
  ASSERT_EQ(run({"key", "--out", at("other.key")}).code, 0);
  const Outcome outcome = run({"verify", clean(), "--key", at("other.key.pub")});
  EXPECT_EQ(outcome.code, io::exit_not_verified);
  EXPECT_TRUE(contains(outcome.err, "give the public key of the machine that signed it"));
  EXPECT_EQ(run({"verify", clean(), "--key", at("etc/sallyport/scan.pub")}).code, 0);
  EXPECT_TRUE(contains(run({"verify", clean(), "--key", at("other.key")}).err, "secret key"));
  fs::remove(root_.paths().etc() / "scan.pub");
  EXPECT_EQ(run({"verify", clean()}).code, io::exit_not_verified);
  EXPECT_TRUE(contains(run({"verify", clean()}).err, "no key to check with"));
}

TEST_F(ScanTool, KeysAreMadeOnceAndForTheirOwner) {
  EXPECT_EQ(fs::status(root_.paths().etc() / "scan.key").permissions(), fs::perms{0600});
  const Outcome again = run({"key"});
  EXPECT_EQ(again.code, 1);
  EXPECT_TRUE(contains(again.err, "File exists")) << again.err;
}

TEST_F(ScanTool, JsonSaysTheSame) {
  const std::string line = report::encode_statement(
      report::judge(facts(), report::encode_report(tests::infected_report())));
  const Outcome good = run({"verify", "--json", infected(), at("image")});
  EXPECT_EQ(good.code, 1);
  EXPECT_TRUE(contains(good.out, "{\"image\":\"same\",\"key\":\""));
  EXPECT_TRUE(contains(good.out, ",\"statement\":" + line + ",\"verdict\":\"infected\""));
  EXPECT_TRUE(good.out.ends_with(",\"verified\":true}\n"));
  const Outcome bad = run({"verify", "--json", infected(), put("x", "x")});
  EXPECT_EQ(bad.code, io::exit_not_verified);
  EXPECT_TRUE(bad.out.starts_with("{\"error\":\"")) << bad.out;
  EXPECT_TRUE(bad.out.ends_with(",\"verified\":false}\n")) << bad.out;
}

TEST_F(ScanTool, ShowVouchesForNothing) {
  const Outcome from_dom0 = run({"show", infected()});
  EXPECT_EQ(from_dom0.code, 0) << from_dom0.err;
  EXPECT_TRUE(from_dom0.out.starts_with("signed:   not checked; ")) << from_dom0.out;
  const Outcome plain =
      run({"show", put("plain", report::encode_report(tests::infected_report()) + "\n")});
  EXPECT_EQ(plain.code, 0) << plain.err;
  EXPECT_TRUE(plain.out.starts_with("signed:   by nobody\n")) << plain.out;
  EXPECT_TRUE(plain.out.ends_with("verdict: infected\n"));
  EXPECT_EQ(run({"show", put("noise", "\x1b[2J")}).code, 1);
  EXPECT_TRUE(contains(run({"show", put("noise", "\x1b[2J")}).err, "\\x1b"));
}

TEST_F(ScanTool, WrongUsageIsTwo) {
  for (const Words& words :
       {Words{}, Words{"frob"}, Words{"verify"}, Words{"verify", "a", "b", "c"}, Words{"show"},
        Words{"key", "x"}, Words{"verify", "--frob", "x"}, Words{"release"}, Words{"release", "s"},
        Words{"release", "s", "--to", at("x"), "--format", "ntfs"}, Words{"again", "--frob"}}) {
    EXPECT_EQ(run(words).code, 2);
  }
  EXPECT_EQ(run({"verify", "--help"}).code, 0);
}

TEST_F(ScanTool, WithoutAVerdictItIsThree) {
  EXPECT_EQ(run({"sys-usb:sda"}).code, 3);
  const Words words{"--storage", "sys-snapshot", "sys-snapshot:stick"};
  EXPECT_EQ(run(words).code, 3);
  // A scan that has only begun is not clean.
  fs::create_directories(root_.paths().scan_socket().parent_path());
  const auto listening =
      base::io::listen_unix(root_.paths().scan_socket(), 0600, base::io::SocketType::seqpacket);
  ASSERT_TRUE(listening) << listening.error().text;
  std::thread desk([&listening] {
    const base::io::Fd client(::accept4(listening->get(), nullptr, nullptr, SOCK_CLOEXEC));
    EXPECT_TRUE(base::io::receive_message(client, 512));
    EXPECT_TRUE(base::io::send_message(client, base::wire::as_bytes("started")));
  });
  const Outcome begun = run(words);
  desk.join();
  EXPECT_EQ(begun.code, 3);
  EXPECT_TRUE(contains(begun.out, "The scan has begun")) << begun.err;
}

// A desk that has this report, and the calls of the Admin API that come of it.
TEST_F(ScanTool, WhatIsCleanIsAttachedAndNothingElse) {
  fs::create_directories(root_.paths().scan_socket().parent_path());
  const auto listening =
      base::io::listen_unix(root_.paths().scan_socket(), 0600, base::io::SocketType::seqpacket);
  ASSERT_TRUE(listening) << listening.error().text;
  std::vector<std::string> calls;
  const Admin admin = [&calls](const AdminCall& call) -> AdminAnswer {
    calls.push_back(call.method + " " + call.target + " " + call.argument + " " + call.payload);
    if (call.method == "admin.vm.List") {
      return std::string(
          "sys-snapshot class=AppVM state=Running\nwork class=AppVM state=Running\n");
    }
    if (call.method == "admin.vm.device.block.Available") {
      return std::string("stick:0951:1666::b123456 port_id='stick'\n");
    }
    return std::string();
  };
  for (const bool good : {true, false}) {
    const std::string report = good ? clean() : infected();
    std::thread desk([&listening, &report] {
      const base::io::Fd client(::accept4(listening->get(), nullptr, nullptr, SOCK_CLOEXEC));
      EXPECT_TRUE(base::io::receive_message(client, 512));
      auto file = base::io::memory_file();
      ASSERT_TRUE(file);
      const auto text = base::io::read_file(report, std::size_t{1} << 20U);
      ASSERT_TRUE(text);
      EXPECT_TRUE(base::io::write_all(*file, *text));
      EXPECT_TRUE(base::io::send_message(client, base::wire::as_bytes("done clean new"), {&*file}));
    });
    calls.clear();
    testing::internal::CaptureStdout();
    const Outcome outcome =
        io::run_scan({"--attach", "work", "--storage", "sys-snapshot", "sys-snapshot:stick"}, admin,
                     root_.paths(), 80);
    const std::string told = testing::internal::GetCapturedStdout() + outcome.out;
    desk.join();
    EXPECT_TRUE(contains(told, good ? "verdict: clean\n" : "verdict: infected\n")) << outcome.err;
    EXPECT_EQ(outcome.code, good ? 0 : 1) << outcome.err;
    const auto attached = std::ranges::find_if(calls, [](const std::string& call) {
      return call.starts_with("admin.vm.device.block.Attach work sys-snapshot+stick");
    });
    EXPECT_EQ(attached != calls.end(), good) << calls.size();
    if (good && attached != calls.end()) {
      EXPECT_TRUE(contains(*attached, "_read-only='yes'")) << *attached;
    } else {
      EXPECT_TRUE(contains(outcome.err, "not attached to work: it is not clean")) << outcome.err;
    }
  }
}

TEST_F(ScanTool, WithoutADeskNothingIsReleasedAndNothingSaidToBeClean) {
  const Outcome release = run({"release", "sys-snapshot:stick", "--to", at("out.img")});
  EXPECT_EQ(release.code, 1);
  EXPECT_TRUE(contains(release.err, "nothing was released: ")) << release.err;
  EXPECT_TRUE(contains(release.err, "systemctl start sallyport-scans")) << release.err;
  EXPECT_FALSE(fs::exists(at("out.img")));
  const Outcome again = run({"again", "stick"});
  EXPECT_EQ(again.code, 3);
  EXPECT_TRUE(contains(again.out, "stick: not scanned: ")) << again.out;
  // Whether there are snapshots is not known.
  EXPECT_EQ(run({"again"}).code, 1);
}

TEST_F(ScanTool, TheProgramDoesIt) {
  const ProgramResult got =
      run_program("sallyport", {"scan", "verify", clean(), at("image"), "--root", root_.path()});
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_TRUE(got.out.ends_with("verdict: clean\n"));
  EXPECT_EQ(
      run_program("sallyport", {"scan", "verify", clean(), put("x", "x"), "--root", root_.path()})
          .code,
      io::exit_not_verified);
}

TEST_F(ScanTool, ADeviceIsNotScannedWithoutDaemons) {
  const Outcome no_desk = run({"sys-snapshot:stick", "--storage", "sys-snapshot"});
  EXPECT_EQ(no_desk.code, io::exit_no_verdict);
  EXPECT_EQ(no_desk.out, "");
  EXPECT_TRUE(contains(no_desk.err, "not scanned: ")) << no_desk.err;
  EXPECT_TRUE(contains(no_desk.err, "systemctl start sallyport-scans")) << no_desk.err;
  const Outcome no_daemon = run({"sys-usb:sda"});
  EXPECT_EQ(no_daemon.code, io::exit_no_verdict);
  EXPECT_TRUE(contains(no_daemon.err, "not scanned: no daemon")) << no_daemon.err;
}

TEST(ImageRoot, IsThatOfTheTestVector) {
  const TemporaryRoot folder;
  std::string medium(196609, '\0');
  for (std::size_t i = 0; i < medium.size(); ++i) medium[i] = static_cast<char>(i % 251);
  std::ofstream(folder.path() / "image", std::ios::binary) << medium;
  const auto root = io::root_of_image(folder.path() / "image", medium.size());
  ASSERT_TRUE(root) << root.error().text;
  EXPECT_EQ(base::hash::to_hex(*root),
            "4a8905a92b6e5298f92a9be0455f2c63e57a745cbffd8dcb78a23592436b2ba2");
}

}  // namespace
}  // namespace cli::test
