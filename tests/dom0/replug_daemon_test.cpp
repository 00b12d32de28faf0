// SPDX-License-Identifier: GPL-2.0-or-later
// Devices that leave the bus and come back while a qube has them: the real daemon, by the Admin
// API's bytes, with frontends that end as ours do.
#include "tests/dom0/assignments.hpp"

namespace dom0::test {
namespace {

const std::string empty_bus = "# nothing\n";

std::string stick_line(const std::string& changes = "serial=60A44C interfaces=080650") {
  return "port=2-1 vendor=0951 product=1666 manufacturer=Kingston descriptors-hash=" +
         std::string(64, 'a') + " " + changes + "\n";
}
// The same port, vendor and product, but a keyboard.
const std::string keyboard_line = stick_line("serial=60A44C interfaces=030101");

class Replugs : public Assignments {
 protected:
  Replugs() {
    plug(stick_line());
    policy("qubes.USB * work sys-usb ask\n");
    frontend("3");
  }
  // One whose device is attached until its stream ends, and which then ends with this code.
  void frontend(const std::string& code) {
    service("work", "qubes.USBAttach",
            "read backend port; read word identity\nexec 3>&1\n" + program("sallyport-call") +
                " --socket " + (root_ / "work/agent.sock").string() +
                " $backend qubes.USB+$port sh -c 'read hello; echo attached >&3; exec 3>&-; "
                "cat >/dev/null' 3>&3\nexit " +
                code);
  }
  bool waiting() { return has("sys-usb", "_state='waiting work'"); }
  bool told(const std::string& text) { return !record({"\"kind\":\"replug\"", text}).empty(); }
  void attach_and_unplug() {
    ASSERT_EQ(attach(), ok) << log();
    plug(empty_bus);
    wait_until([this] { return waiting(); }, "its port is held");
    EXPECT_FALSE(attached());
    EXPECT_TRUE(has("sys-usb", "2-1:" + stick_id)) << "it is listed although it is away";
    EXPECT_NE(call("sallyport.Status", "dom0").find("\"state\":\"waiting\""), std::string::npos);
  }
  void settle() { std::this_thread::sleep_for(std::chrono::milliseconds(2500)); }
};

TEST_F(Replugs, TheSameDeviceIsAttachedAgainWithoutAQuestion) {
  start();
  prompt("allow:sys-usb");
  attach_and_unplug();
  plug(stick_line());
  wait_until([this] { return attached(); }, "attached again");
  EXPECT_EQ(questions().size(), 1U);
  EXPECT_TRUE(told("left the bus: its port is held for work for 10 s"));
  EXPECT_TRUE(told("came back as the same device"));
  EXPECT_NE(record({"\"kind\":\"lease_started\"", "prompt, kept"}), "") << audit();
  ASSERT_EQ(detach(), ok);
  settle();
  EXPECT_FALSE(attached()) << "what somebody takes away stays away";
}

TEST_F(Replugs, AnotherDeviceIsAskedAboutWithBothIdentities) {
  start();
  prompt("allow:sys-usb");
  attach_and_unplug();
  end_prompt();
  prompt("deny");
  plug(keyboard_line);
  wait_until([this] { return questions().size() == 2; }, "asked anew");
  ASSERT_EQ(questions().size(), 2U);
  EXPECT_NE(questions()[1].find("u030101"), std::string::npos) << questions()[1];
  EXPECT_NE(questions()[1].find("\"identity before\":\"" + stick_id), std::string::npos)
      << questions()[1];
  wait_until([this] { return told("is not attached to work again: refused"); }, "on record");
  EXPECT_TRUE(told("came back as 0951:1666:60A44C:u030101, before " + stick_id));
  settle();
  EXPECT_FALSE(attached());
  EXPECT_EQ(questions().size(), 2U) << "a no is a no";
}

TEST_F(Replugs, OneWithoutASerialNumberIsAskedAbout) {
  plug(stick_line("interfaces=080650"));
  start();
  prompt("allow:sys-usb");
  ASSERT_EQ(attach(), ok);
  plug(empty_bus);
  wait_until([this] { return waiting(); }, "its port is held");
  plug(stick_line("interfaces=080650"));
  wait_until([this] { return attached(); }, "attached again");
  EXPECT_EQ(questions().size(), 2U) << "nobody can tell it from its like";
}

TEST_F(Replugs, PolicyHasTheLastWordOnTheSameDeviceToo) {
  start();
  prompt("allow:sys-usb");
  attach_and_unplug();
  policy("qubes.USB * work sys-usb deny\n");
  plug(stick_line());
  wait_until([this] { return told("is not attached to work again: "); }, "denied");
  EXPECT_FALSE(attached());
}

TEST_F(Replugs, ARuleThatAllowsIsAskedAgainAndNobodyElse) {
  policy("qubes.USB * work sys-usb allow\n");
  start();
  attach_and_unplug();
  policy("qubes.USB * work sys-usb ask\n");
  prompt("deny");
  plug(stick_line());
  wait_until([this] { return questions().size() == 1; }, "nobody has said yes to this before");
  settle();
  EXPECT_FALSE(attached());
}

TEST_F(Replugs, AFrontendThatEndsOtherwiseIsNotContinued) {
  start();
  prompt("allow:sys-usb");
  for (const char* code : {"0", "1", "9"}) {
    frontend(code);
    ASSERT_EQ(attach(), ok) << code;
    plug(empty_bus);
    wait_until([this] { return !has("sys-usb", "2-1:"); }, "unplugged, and not held");
    plug(stick_line());
    wait_until([this] { return has("sys-usb", "2-1:"); }, "there again");
    settle();
    EXPECT_FALSE(attached()) << code;
  }
}

TEST_F(Replugs, ADescriptorThatChangedInAResetIsJudgedAgain) {
  frontend("4");
  service("usb", "qubes.USB",
          "echo hello; while ! rm " + (root_ / "usb/break").string() + "; do sleep 0.1; done");
  start();
  prompt("allow:sys-usb while-plugged");
  ASSERT_EQ(attach(), ok);
  end_prompt();
  prompt("deny");
  // The frontend has seen the difference; sys-usb says nothing of it.
  put("usb/break", "");
  wait_until([this] { return questions().size() == 2; }, "asked anew");
  ASSERT_EQ(questions().size(), 2U);
  EXPECT_NE(questions()[1].find("came back from a reset"), std::string::npos) << questions()[1];
  EXPECT_FALSE(attached());
}

// Else it would type a handful of keys each time it plugs itself in.
TEST_F(Replugs, WhatTypedByItselfComesBackByAPersonsYesOnly) {
  frontend("5");
  policy("qubes.USB * work sys-usb allow\n");
  start();
  ASSERT_EQ(assign(), ok);
  ASSERT_EQ(attach(), ok);
  plug(empty_bus);
  wait_until([this] { return !has("sys-usb", "2-1:"); }, "gone, and its port is not held");
  prompt("deny");
  plug(stick_line());
  wait_until([this] { return questions().size() == 1; }, "asked, whatever rule and assignment say");
  EXPECT_NE(questions()[0].find("STOPPED before: ended with exit code 5"), std::string::npos)
      << questions()[0];
  settle();
  EXPECT_FALSE(attached());
  EXPECT_NE(attach(), ok) << "by hand too";
  EXPECT_EQ(questions().size(), 2U);
  end_prompt();
  prompt("allow:sys-usb");
  frontend("0");
  ASSERT_EQ(attach(), ok);
  EXPECT_EQ(questions().size(), 3U);
  ASSERT_EQ(detach(), ok);
  ASSERT_EQ(attach(), ok) << "a person has let it in again";
  EXPECT_EQ(questions().size(), 3U);
}

TEST_F(Replugs, AYesAtTheQuestionOfAnAssignmentLetsItInAgain) {
  frontend("5");
  policy("qubes.USB * work sys-usb allow\n");
  start();
  ASSERT_EQ(attach(), ok);
  plug(empty_bus);
  wait_until([this] { return !has("sys-usb", "2-1:"); }, "gone");
  ASSERT_EQ(assign(stick_argument, "ask-to-attach"), ok);
  prompt("allow:work");
  frontend("0");
  plug(stick_line());
  wait_until([this] { return attached(); }, "attached");
  ASSERT_EQ(questions().size(), 1U);
  EXPECT_NE(questions()[0].find("STOPPED before: "), std::string::npos) << questions()[0];
}

TEST_F(Replugs, OneThatFlapsIsLeftAlone) {
  policy("qubes.USB * work sys-usb allow\n");
  start();
  ASSERT_EQ(assign(), ok);
  ASSERT_EQ(attach(), ok);
  for (int i = 0; i < 10; ++i) {
    for (const std::string& line : {empty_bus, stick_line()}) {
      plug(line);
      std::this_thread::sleep_for(std::chrono::milliseconds(250));
    }
  }
  wait_until([this] { return told("times in a row"); }, "given up");
  settle();
  EXPECT_FALSE(attached());
  EXPECT_EQ(attach(), ok) << "by hand it may be attached";
}

TEST_F(Replugs, DetachingEndsTheWait) {
  start();
  prompt("allow:sys-usb");
  attach_and_unplug();
  EXPECT_EQ(detach(), ok);
  EXPECT_FALSE(waiting());
  plug(stick_line());
  settle();
  EXPECT_FALSE(attached());
  EXPECT_TRUE(told("is no longer held for work: detached on request"));
}

TEST_F(Replugs, TheEndOfEitherQubeEndsTheWait) {
  start();
  prompt("allow:sys-usb");
  attach_and_unplug();
  work_.end(SIGKILL);
  wait_until([this] { return !waiting(); }, "gone with its qube");
  start_work();
  wait_until([this] { return running("work"); }, "back");
  plug(stick_line());
  settle();
  EXPECT_FALSE(attached());

  attach_and_unplug();
  usb_.end(SIGKILL);
  wait_until([this] { return !running("sys-usb"); }, "gone");
  plug(stick_line());
  start_usb();
  wait_until([this] { return has("sys-usb", "2-1:"); }, "back");
  settle();
  EXPECT_FALSE(attached());
}

TEST_F(Replugs, PanicEndsTheWait) {
  start();
  prompt("allow:sys-usb");
  attach_and_unplug();
  EXPECT_EQ(call("sallyport.Panic", "dom0"), ok);
  plug(stick_line());
  settle();
  EXPECT_FALSE(attached());
}

TEST_F(Replugs, AnAssignmentAttachesItAgain) {
  start();
  ASSERT_EQ(assign(), ok);
  plug(empty_bus);
  wait_until([this] { return !has("sys-usb", "2-1:"); }, "unplugged");
  plug(stick_line());
  wait_until([this] { return attached(); }, "attached by its assignment");
  plug(empty_bus);
  wait_until([this] { return waiting(); }, "its port is held");
  plug(stick_line());
  wait_until([this] { return attached(); }, "attached again");
  EXPECT_TRUE(told("came back: its assignments decide"));
  plug(empty_bus);
  wait_until([this] { return waiting(); }, "its port is held");
  ASSERT_EQ(call(usb("Unassign", stick_argument), "work"), ok);
  prompt("deny");
  plug(stick_line());
  wait_until([this] { return questions().size() == 1; }, "no assignment, so a question");
  settle();
  EXPECT_FALSE(attached());
}

TEST_F(Replugs, NothingIsHeldIfThatIsTurnedOff) {
  daemon_options_ = {"--replug", "0"};
  start();
  prompt("allow:sys-usb");
  ASSERT_EQ(attach(), ok);
  plug(empty_bus);
  wait_until([this] { return !has("sys-usb", "2-1:"); }, "unplugged");
  plug(stick_line());
  wait_until([this] { return has("sys-usb", "2-1:"); }, "there again");
  settle();
  EXPECT_FALSE(attached());
}

}  // namespace
}  // namespace dom0::test
