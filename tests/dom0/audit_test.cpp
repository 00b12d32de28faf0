// SPDX-License-Identifier: GPL-2.0-or-later
// The audit log on disk: what a crash leaves, what an editor leaves, what a full disk leaves, and
// what `sallyport log` says of it.
#include "dom0/io/audit.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "base/audit/io/log_files.hpp"
#include "base/io/files.hpp"
#include "tests/fakes/folder.hpp"
#include "tests/places.hpp"

namespace dom0::io {
namespace {

class AuditLog : public testing::Test {
 protected:
  AuditLog() { std::filesystem::create_directories(path_.parent_path()); }

  struct Ran {
    int code = 0;
    std::string out;
  };
  Ran tool(const std::string& words) const {
    const std::string out = (folder_.path() / "out").string();
    const std::string command = places::build() + "/bin/sallyport --root " +
                                folder_.path().string() + " log " + words + " >" + out + " 2>&1";
    const int status = std::system(command.c_str());  // NOLINT: as people run it
    return {WEXITSTATUS(status), *base::io::read_file(out, 1U << 24U)};
  }
  std::string text() const { return *base::io::read_file(path_, 1U << 24U); }
  void overwrite(const std::string& content) const {
    std::ofstream(path_, std::ios::binary) << content;
  }
  base::Status allow(Audit& audit, const std::string& argument = "+2-1") const {
    return audit.allowed(
        {.source = "work", .target = "sys-usb", .service = "qubes.USB", .argument = argument},
        "sys-usb", {.rule = "30-user.policy:1", .approver = "prompt"});
  }

  tests::Folder folder_;
  std::filesystem::path path_ = folder_.path() / "var/log/sallyport/audit.log";
  base::io::Log log_{"audit_test"};
};

TEST_F(AuditLog, RecordsAreReadBackByTheTool) {
  Audit audit(log_);
  ASSERT_TRUE(audit.open(path_).has_value());
  ASSERT_TRUE(allow(audit).has_value());
  audit.lease_ended({.device = "sys-usb:2-1",
                     .identity = "0951:1666::u080650",
                     .frontend = "work",
                     .rule = "30-user.policy:1",
                     .approver = "prompt",
                     .reason = "detached on request",
                     .since = 1,
                     .duration_ms = 61'000,
                     .bytes_to_device = 10,
                     .bytes_from_device = 20});
  const Ran shown = tool("");
  EXPECT_EQ(shown.code, 0);
  EXPECT_NE(shown.out.find("qrexec: qubes.USB+2-1: work -> sys-usb: allowed to sys-usb  [rule "
                           "30-user.policy:1, by prompt]"),
            std::string::npos)
      << shown.out;
  EXPECT_NE(shown.out.find("after 61 s, bytes to it 10, from it 20"), std::string::npos)
      << shown.out;
  EXPECT_EQ(tool("--json").out, text());
  EXPECT_EQ(tool("--since 1h --json").out, text());
  EXPECT_EQ(tool("--since 2999-01-01").out, "");
  const Ran verified = tool("verify");
  EXPECT_EQ(verified.code, 0) << verified.out;
  EXPECT_TRUE(verified.out.starts_with("3 records, unbroken from 20")) << verified.out;
}

TEST_F(AuditLog, TheToolRefusesWhatItDoesNotUnderstand) {
  EXPECT_EQ(tool("verify").code, 1) << "nothing to see is not nothing wrong";
  EXPECT_EQ(tool("check").code, 2);
  EXPECT_EQ(tool("--since yesterday").code, 2);
  EXPECT_EQ(tool("--nonsense").code, 2);
  EXPECT_EQ(tool("--help").code, 0);
}

TEST_F(AuditLog, EditsAndCutsAreFoundByTheToolAndKeptByTheDaemon) {
  {
    Audit audit(log_);
    ASSERT_TRUE(audit.open(path_).has_value());
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(allow(audit).has_value());
  }
  const std::string good = text();
  std::string edited = good;
  edited.replace(edited.find("30-user.policy:1"), 16, "30-user.policy:2");
  overwrite(edited);
  Ran verified = tool("verify");
  EXPECT_EQ(verified.code, 1);
  EXPECT_NE(verified.out.find("audit.log:2: record 2 was edited"), std::string::npos)
      << verified.out;

  overwrite(good.substr(0, good.rfind('\n', good.size() - 2) + 1));
  verified = tool("verify");
  EXPECT_EQ(verified.code, 1);
  EXPECT_NE(verified.out.find("the log was cut: record 6 was written, the last one is 5"),
            std::string::npos)
      << verified.out;
  Audit audit(log_);
  ASSERT_TRUE(audit.open(path_).has_value()) << "evidence is no reason not to start";
  EXPECT_TRUE(std::filesystem::exists(path_.parent_path() / "audit.broken-000001"));
  EXPECT_NE(text().find("\"kind\":\"broken\""), std::string::npos);
  ASSERT_TRUE(allow(audit).has_value());
  EXPECT_EQ(tool("verify").code, 1) << "a chain that was broken stays broken";
}

TEST_F(AuditLog, ALogThatIsGoneIsNoticed) {
  {
    Audit audit(log_);
    ASSERT_TRUE(audit.open(path_).has_value());
    ASSERT_TRUE(allow(audit).has_value());
  }
  std::filesystem::remove(path_);
  Audit audit(log_);
  ASSERT_TRUE(audit.open(path_).has_value());
  EXPECT_NE(text().find("the audit log before this record is gone"), std::string::npos);
  EXPECT_EQ(tool("verify").code, 1);
}

TEST_F(AuditLog, AnUnfinishedRecordIsSetAside) {
  {
    Audit audit(log_);
    ASSERT_TRUE(audit.open(path_).has_value());
    ASSERT_TRUE(allow(audit).has_value());
  }
  overwrite(text() + "{\"seq\":3,\"time\":");
  EXPECT_EQ(tool("verify").code, 0) << "it was never acknowledged";
  Audit audit(log_);
  ASSERT_TRUE(audit.open(path_).has_value());
  ASSERT_TRUE(allow(audit).has_value());
  EXPECT_EQ(*base::io::read_file(path_.parent_path() / "audit.torn", 100), "{\"seq\":3,\"time\":");
  EXPECT_EQ(tool("verify").code, 0) << tool("verify").out;
}

TEST_F(AuditLog, GoesOnInANewFileAndTheChainGoesWithIt) {
  Audit audit(log_);
  ASSERT_TRUE(audit.open(path_, 2000).has_value());
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(allow(audit).has_value());
  const auto files = base::audit::log_files(path_);
  EXPECT_GT(files.size(), 5U);
  Ran verified = tool("verify");
  EXPECT_EQ(verified.code, 0) << verified.out;
  EXPECT_EQ(std::filesystem::file_size(files.front()) < 4000, true);
  std::filesystem::remove(files[2]);
  verified = tool("verify");
  EXPECT_EQ(verified.code, 1) << "a whole file is missing";
  Audit again(log_);
  EXPECT_TRUE(again.open(path_, 2000).has_value());
}

TEST_F(AuditLog, AFullDiskRefusesAndLosesNothing) {
  Audit audit(log_);
  ASSERT_TRUE(audit.open(path_).has_value());
  ASSERT_TRUE(allow(audit).has_value());
  const std::string before = text();
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const rlimit small{.rlim_cur = before.size() + 50, .rlim_max = old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto refused = allow(audit);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().text.find("cannot write the audit log"), std::string::npos);
  EXPECT_EQ(text(), before) << "half a record is taken back";
  EXPECT_TRUE(allow(audit).has_value());
  EXPECT_EQ(tool("verify").code, 0) << tool("verify").out;
}

TEST_F(AuditLog, FollowSeesWhatIsWrittenAlsoBehindAFullFile) {
  Audit audit(log_);
  ASSERT_TRUE(audit.open(path_, 3000).has_value());
  const std::string out = (folder_.path() / "followed").string();
  const std::string program = places::build() + "/bin/sallyport";
  const std::string root = folder_.path().string();
  const pid_t child = ::fork();
  if (child == 0) {
    if (std::freopen(out.c_str(), "w", stdout) == nullptr) ::_exit(1);
    ::execl(program.c_str(), "sallyport", "--root", root.c_str(), "log", "--follow", "--json",
            nullptr);
    ::_exit(127);
  }
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(allow(audit, "+2-" + std::to_string(i)).has_value());
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  for (int tries = 0; tries < 50; ++tries) {
    if (base::io::read_file(out, 1U << 20U)->find("+2-19") != std::string::npos) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  ::kill(child, SIGINT);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  const std::string seen = *base::io::read_file(out, 1U << 20U);
  for (int i = 0; i < 20; ++i) {
    const std::string wanted = "\"argument\":\"+2-" + std::to_string(i) + "\"";
    EXPECT_NE(seen.find(wanted), std::string::npos) << wanted;
  }
}

// A writer that is killed at any moment; each record that it told of is there, and the chain holds.
TEST_F(AuditLog, KilledWhileItWritesItLosesNothingThatWasAcknowledged) {
  const char* wanted = std::getenv("SALLYPORT_KILLS");  // NOLINT: no other thread
  const int kills = wanted == nullptr ? 50 : std::stoi(wanted);
  unsigned seed = 7;
  std::uint64_t acknowledged = 0;
  for (int kill = 0; kill < kills; ++kill) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      if (std::freopen("/dev/null", "w", stderr) == nullptr) ::_exit(1);
      Audit audit(log_);
      if (!audit.open(path_, 20'000)) ::_exit(1);
      // The first byte only tells that it is open.
      if (::write(ends[1], "o", 1) != 1) ::_exit(1);
      for (char byte = 'x'; allow(audit) && ::write(ends[1], &byte, 1) == 1;) continue;
      ::_exit(1);
    }
    ::close(ends[1]);
    // Every other time not before it is open, however slow the machine: it is to be killed in both.
    bool is_open = false;
    if (char byte = 0; kill % 2 == 1) is_open = ::read(ends[0], &byte, 1) == 1;
    std::this_thread::sleep_for(
        std::chrono::microseconds((seed = seed * 1103515245 + 12345) % 20'000));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    std::array<char, 4096> told{};
    for (ssize_t size = 0; (size = ::read(ends[0], told.data(), told.size())) > 0;) {
      acknowledged += static_cast<std::uint64_t>(size) - (is_open ? 0 : 1);
      is_open = true;
    }
    ::close(ends[0]);
  }
  {
    Audit audit(log_);
    ASSERT_TRUE(audit.open(path_, 20'000).has_value());
  }
  const Ran verified = tool("verify");
  EXPECT_EQ(verified.code, 0) << verified.out;
  std::uint64_t decisions = 0;
  for (const auto& file : base::audit::log_files(path_)) {
    const auto left = base::audit::each_line(file, [&decisions](std::string_view line) {
      if (line.find("\"kind\":\"decision\"") != std::string_view::npos) ++decisions;
      return true;
    });
    ASSERT_TRUE(left.has_value());
  }
  EXPECT_GT(acknowledged, 0U);
  EXPECT_GE(decisions, acknowledged);
  EXPECT_LE(decisions, acknowledged + static_cast<std::uint64_t>(kills));
  std::cout << kills << " kills, " << acknowledged << " records\n";
}

}  // namespace
}  // namespace dom0::io
