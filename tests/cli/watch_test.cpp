// SPDX-License-Identifier: GPL-2.0-or-later
// `qvm-usb watch` as a process: it follows, it waits for the daemon, it ends when it is told to.
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/cli/fake_admin.hpp"

namespace cli::test {
namespace {

std::string port_event(const char* subject, const char* name, const char* port) {
  return with_nul("1") + with_nul(subject) + with_nul(name) + with_nul("port") + with_nul(port) +
         with_nul("");
}

std::string watch_answer(const std::string& request) {
  if (request.starts_with("admin.Events+")) {
    return with_nul("1") + with_nul("") + with_nul("connection-established") + with_nul("");
  }
  if (request.starts_with("admin.vm.List+")) return with_nul("0") + "sys-usb state=Running\n";
  if (request.starts_with("admin.vm.device.usb.Available+")) {
    return with_nul("0") + "2-1:a:b:c:d port_id='2-1' vendor='V' product='P'\n";
  }
  return with_nul("0");
}

const std::string watch_row = "sys-usb:2-1  USB device: V P  \n";

TEST(Watch, FollowsUntilCtrlC) {
  const TemporaryRoot root;
  FakeAdmin daemon(root.paths(), watch_answer);
  RunningProgram watch("qvm-usb", {"watch", "--root", root.path()});
  EXPECT_EQ(watch.read_until(watch_row), watch_row);
  daemon.tell(port_event("work", "device-attach:usb", "sys-usb:2-1"));
  EXPECT_TRUE(watch.read_until("work\n").ends_with("  attach  sys-usb:2-1  work\n"));
  watch.signal(SIGINT);
  const ProgramResult got = watch.finish();
  EXPECT_EQ(got.code, 0);
  EXPECT_EQ(got.err, "");
}

TEST(Watch, WaitsForARestartedDaemonAndListsAgain) {
  const TemporaryRoot root;
  auto daemon = std::make_unique<FakeAdmin>(root.paths(), watch_answer);
  RunningProgram watch("qvm-usb", {"watch", "--root", root.path()});
  watch.read_until(watch_row);
  daemon.reset();  // nobody listens now
  daemon = std::make_unique<FakeAdmin>(root.paths(), watch_answer);
  EXPECT_EQ(watch.read_until(watch_row + watch_row), watch_row + watch_row);
  daemon->tell(port_event("work", "device-detach:usb", "sys-usb:2-1"));
  watch.read_until("  detach  sys-usb:2-1  work\n");
  watch.signal(SIGTERM);
  const ProgramResult got = watch.finish();
  EXPECT_EQ(got.code, 0);
  EXPECT_EQ(got.err, "qvm-usb: sallyportd ended the connection; waiting for it\n");
}

TEST(Watch, EndsWhenNobodyReads) {
  const TemporaryRoot root;
  FakeAdmin daemon(root.paths(), watch_answer);
  RunningProgram watch("qvm-usb", {"watch", "--root", root.path()});
  watch.read_until(watch_row);
  watch.close_output();
  EXPECT_EQ(watch.finish().code, 0);
}

TEST(Watch, SaysWhyItCannot) {
  const TemporaryRoot root;
  EXPECT_NE(run_program("qvm-usb", {"watch", "--root", root.path()}).err.find("start it with"),
            std::string::npos);
  {
    const FakeAdmin daemon(root.paths(), [](const std::string& request) {
      if (!request.starts_with("admin.Events+")) return watch_answer(request);
      return with_nul("2") + with_nul("QubesDaemonCommunicationError") + with_nul("") +
             with_nul("not you");
    });
    const ProgramResult got = run_program("qvm-usb", {"watch", "--root", root.path()});
    EXPECT_EQ(got.code, 1);
    EXPECT_EQ(got.err, "Error: not you\n");
  }
  {
    const FakeAdmin daemon(root.paths(), [](const std::string& request) {
      return request.starts_with("admin.Events+") ? with_nul("0") : watch_answer(request);
    });
    const ProgramResult got = run_program("qvm-usb", {"watch", "--root", root.path()});
    EXPECT_EQ(got.code, 1);
    EXPECT_NE(got.err.find("where an event should begin"), std::string::npos) << got.err;
  }
  const FakeAdmin daemon(root.paths(), [](const std::string& request) {
    return request.starts_with("admin.Events+") ? std::string() : watch_answer(request);
  });
  const ProgramResult got = run_program("qvm-usb", {"watch", "--root", root.path()});
  EXPECT_EQ(got.code, 1);
  EXPECT_EQ(got.err,
            "Error: Got empty response from qubesd. See journalctl in dom0 for details.\n");
}

TEST(Watch, KnowsTheQubesItIsAskedFor) {
  const TemporaryRoot root;
  const FakeAdmin daemon(root.paths(), watch_answer);
  const ProgramResult got = run_program("qvm-usb", {"watch", "nosuch", "--root", root.path()});
  EXPECT_EQ(got.code, 2);
  EXPECT_NE(got.err.find("no such domain: 'nosuch'"), std::string::npos);
}

}  // namespace
}  // namespace cli::test
