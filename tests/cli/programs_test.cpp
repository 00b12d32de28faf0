// SPDX-License-Identifier: GPL-2.0-or-later
// The programs as processes: the socket's failures, the terminal, the environment.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/io/unix_socket.hpp"
#include "tests/cli/fake_admin.hpp"

namespace cli::test {
namespace {

TEST(Programs, SayHowToStartTheDaemon) {
  const TemporaryRoot root;
  for (const char* program : {"qvm-usb", "qvm-block", "sallyport"}) {
    const bool own = std::string(program) == "sallyport";
    const ProgramResult got =
        run_program(program, {own ? "status" : "list", "--root", root.path()});
    EXPECT_EQ(got.code, 1);
    EXPECT_EQ(got.out, "");
    EXPECT_EQ(got.err, std::string(program) + ": error: cannot reach sallyportd at " +
                           root.paths().admin_socket().string() +
                           ": No such file or directory; start it with `systemctl start "
                           "sallyportd`, or name its folder with --root\n");
  }
}

TEST(Programs, SayThatNobodyListens) {
  const TemporaryRoot root;
  { const auto socket = base::io::listen_unix(root.paths().admin_socket(), 0600); }
  const ProgramResult got = run_program("qvm-usb", {"--root=" + root.path().string()});
  EXPECT_EQ(got.code, 1);
  EXPECT_NE(got.err.find("Connection refused; start it with"), std::string::npos) << got.err;
}

TEST(Programs, NameTheirOwnVersion) {
  EXPECT_EQ(run_program("qvm-usb", {"--version"}).out, "qvm-usb " SALLYPORT_VERSION "\n");
  EXPECT_EQ(run_program("qvm-usb", {"attach", "--version"}).out,
            "qvm-usb attach " SALLYPORT_VERSION "\n");
  EXPECT_EQ(run_program("sallyport", {"--version"}).out, "sallyport " SALLYPORT_VERSION "\n");
}

TEST(Programs, WantAFolderAfterRoot) {
  const ProgramResult got = run_program("qvm-usb", {"--root"});
  EXPECT_EQ(got.code, 2);
  EXPECT_EQ(got.err, "qvm-device: error: argument --root: expected one argument\n");
  EXPECT_EQ(run_program("sallyport", {"status", "--root="}).code, 2);
}

TEST(Programs, CutOffAnAnswerWithoutEnd) {
  const TemporaryRoot root;
  const FakeAdmin daemon(root.paths(), [](const std::string&) {
    return with_nul("0") + std::string(std::size_t{17} * 1024 * 1024, 'x');
  });
  const ProgramResult got = run_program("qvm-usb", {"--root", root.path()});
  EXPECT_EQ(got.code, 1);
  EXPECT_NE(got.err.find("longer than 16 MiB"), std::string::npos) << got.err;
}

TEST(Programs, ShowNoEscapeSequencesOfTheDaemon) {
  const TemporaryRoot root;
  const FakeAdmin daemon(root.paths(), [](const std::string&) {
    return with_nul("2") + with_nul("QubesException") + with_nul("") +
           with_nul("bad \x1b[2Jdevice");
  });
  const ProgramResult got = run_program("qvm-usb", {"--root", root.path()});
  EXPECT_EQ(got.code, 1);
  EXPECT_EQ(got.err, "Error: bad \\x1b[2Jdevice\n");
}

TEST(Programs, ListClassesBeforeAllOtherReading) {
  const TemporaryRoot root;
  const FakeAdmin daemon(root.paths(),
                         [](const std::string&) { return with_nul("0") + "usb\nblock\n"; });
  const ProgramResult got =
      run_program("qvm-usb", {"frob", "--list-classes", "--root", root.path()});
  EXPECT_EQ(got.code, 0);
  EXPECT_EQ(got.out, "block\nusb\n");
  EXPECT_EQ(daemon.requests(),
            std::vector<std::string>{with_nul("admin.deviceclass.List+ dom0 name dom0")});
}

TEST(Programs, ShowTheStatus) {
  const TemporaryRoot root;
  const FakeAdmin daemon(root.paths(), [](const std::string&) {
    return with_nul("0") + R"({"version": "1.2.3", "uptime_s": 3661, "policy": {"ok": true}})";
  });
  EXPECT_EQ(run_program("sallyport", {"status", "--root", root.path()}).out,
            "sallyportd 1.2.3, up 1 h 1 min\npolicy: in force\n");
  EXPECT_EQ(run_program("sallyport", {"status", "--json", "--root", root.path()}).out,
            "{\"version\":\"1.2.3\",\"uptime_s\":3661,\"policy\":{\"ok\":true}}\n");
  EXPECT_EQ(daemon.requests().front(), with_nul("sallyport.Status+ dom0 name dom0"));
}

}  // namespace
}  // namespace cli::test
