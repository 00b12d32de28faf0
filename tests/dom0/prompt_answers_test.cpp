// SPDX-License-Identifier: GPL-2.0-or-later
// What people are asked and told, what is kept of their answers, and what the audit log says of it.
#include "tests/dom0/assignments.hpp"

namespace dom0::test {
namespace {

// Qubes' agents build their lists from the icons, and fail on a name that has none.
TEST_F(Assignments, EveryQuestionBringsTheIconsOfItsSourceAndTargets) {
  put("etc/sallyport/qubes.d/dvm.conf", "label = green\ntemplate_for_dispvms = yes\n");
  start();
  prompt("deny");
  policy(
      "qubes.USB * work sys-usb ask timeout=300\n"
      "test.Echo * work * ask\n"
      "qubes.InputKeyboard * sys-usb dom0 ask\n");
  static_cast<void>(attach());
  const Process echo({program("sallyport-call"), "--socket", (root_ / "work/agent.sock").string(),
                      "@default", "test.Echo"},
                     root_ / "call.log");
  const Process keyboard({program("sallyport-call"), "--socket",
                          (root_ / "usb/agent.sock").string(), "dom0", "qubes.InputKeyboard+2-1"},
                         root_ / "call.log");
  wait_until([this] { return questions().size() == 3; }, "three questions");
  for (const std::string& question : questions()) {
    expect_icons(question, {"sys-usb", "work", "dom0", "dvm", "@dispvm:dvm"});
    EXPECT_NE(question.find("\"asked by\":"), std::string::npos) << question;
    EXPECT_NE(question.find("\"sallyport_timeout\":"), std::string::npos) << question;
    if (question.find("qubes.USB") != std::string::npos) {
      EXPECT_NE(question.find("\"sallyport_timeout\":300"), std::string::npos) << question;
    }
    if (question.find("test.Echo") != std::string::npos) {
      EXPECT_NE(question.find("@dispvm:dvm\""), std::string::npos) << question;
    }
  }
}

TEST_F(Assignments, TheLogSaysWhoAskedAndWhoSaidYes) {
  start();
  policy("qubes.USB * work sys-usb ask\ntest.Echo * work sys-usb ask\n");
  prompt("allow:sys-usb");
  ASSERT_EQ(attach(), ok);
  const std::string requester = "\"requester_uid\":" + me_;
  const std::string approver = "\"approver_uid\":" + me_;
  EXPECT_NE(record({"\"kind\":\"decision\"", "\"decision\":\"allow\"", requester, approver}), "")
      << audit();
  EXPECT_NE(record({"\"kind\":\"lease_started\"", requester, approver}), "") << audit();
  daemon_.end(SIGKILL);  // the lease is the relay's now
  start_daemon();
  wait_until([this] { return attached(); }, "it goes on");
  ASSERT_EQ(detach(), ok);
  EXPECT_NE(record({"\"kind\":\"lease_ended\"", requester, approver}), "") << audit();
  EXPECT_NE(record({"\"kind\":\"detach\"", requester}), "") << audit();
  ASSERT_EQ(assign(), ok);
  ASSERT_EQ(call(usb("Set.assignment", stick_argument), "work", "ask-to-attach"), ok);
  ASSERT_EQ(call(usb("Unassign", stick_argument), "work"), ok);
  ASSERT_EQ(call("admin.vm.device.denied.Add", "work", "u0e****"), ok);
  for (const char* text :
       {": assigned ", "is now ask-to-attach", "unassigned ", "denied interfaces"}) {
    EXPECT_NE(record({text, requester}), "") << text << audit();
  }
}

TEST_F(Assignments, ACallsEndIsOnRecordWithItsBytesAlsoAfterARestart) {
  start();
  policy("test.Echo * work sys-usb ask\n");
  prompt("allow:sys-usb");
  const auto echo = [this](const std::string& program_there) {
    return Process({program("sallyport-call"), "--socket", (root_ / "work/agent.sock").string(),
                    "sys-usb", "test.Echo+x", "sh", "-c", program_there},
                   root_ / "call.log");
  };
  const Process quick = echo("echo four; head -n 1 >/dev/null");
  wait_until([this] { return !record({"\"kind\":\"call_ended\""}).empty(); }, "on record");
  const std::string end =
      record({"\"kind\":\"call_ended\"", "\"source\":\"work\"", "\"target\":\"sys-usb\"",
              "\"service\":\"test.Echo+x\"", "\"approver\":\"prompt\"", "\"approver_uid\":" + me_,
              "\"duration_ms\":", "\"bytes_to_service\":5", "\"bytes_from_service\":5",
              "30-user.policy:1"});
  EXPECT_NE(end, "") << audit();
  const std::string go = (root_ / "go").string();
  std::this_thread::sleep_for(std::chrono::seconds(3));  // the answer is no longer this one's
  const Process slow = echo("while [ ! -e " + go + " ]; do sleep 0.1; done; echo sixsix");
  wait_until([this] { return questions().size() == 2; }, "asked again");
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  daemon_.end(SIGKILL);
  start_daemon();
  wait_until([this] { return running("work") && running("sys-usb"); }, "qubes are back");
  put("go", "");
  wait_until([this] { return !record({"after a restart of the daemon"}).empty(); }, "on record");
  EXPECT_NE(record({"after a restart of the daemon", "\"service\":\"test.Echo+x\"",
                    "\"bytes_to_service\":7", "\"approver_uid\":" + me_}),
            "")
      << audit();
}

TEST_F(Assignments, PeopleAreToldWhatWasDeniedAndWhatFailed) {
  start();
  prompt("deny");
  policy("qubes.USB * work sys-usb ask\n");
  EXPECT_NE(attach().find("refused at the prompt"), std::string::npos);
  ASSERT_EQ(call("admin.vm.property.Set+devices_denied", "work", "u08****"), ok);
  EXPECT_NE(attach().find("banned interface"), std::string::npos);
  wait_until([this] { return noticed("\"resolution\":\"deny\""); }, "told of the banned one");
  ASSERT_EQ(call("admin.vm.property.Set+devices_denied", "work", ""), ok);
  policy("qubes.USB * work sys-usb allow\n");
  service("work", "qubes.USBAttach", "echo 'not now' >&2; exit 1");
  EXPECT_NE(attach().find("not now"), std::string::npos);
  wait_until([this] { return noticed("\"resolution\":\"fail\""); }, "told of the failure");
  const std::lock_guard lock(questions_mutex_);
  EXPECT_EQ(notices_.size(), 2U) << "who refused it himself knows it";
}

class Keyboards : public Assignments {
 protected:
  Keyboards() {
    plug("port=2-1 vendor=046d product=c52b interfaces=030101\n");
    policy("qubes.InputKeyboard * sys-usb dom0 ask pair=no keys=+vt\n");
    if (::geteuid() == 0) {
      EXPECT_EQ(::chown((root_ / "etc/qubes/policy.d").c_str(), 61234, 61234), 0);
    }
  }
  void press() {
    keyboard_ = Process({program("sallyport-call"), "--socket", (root_ / "usb/agent.sock").string(),
                         "dom0", "qubes.InputKeyboard+usb-0000_00_05.0-1+3-46d-c52b-111+"},
                        root_ / "call.log");
  }
  std::string written() {
    auto text =
        base::io::read_file(root_ / "etc/qubes/policy.d/10-sallyport-prompts.policy", 1U << 16U);
    return text ? *text : std::string();
  }
  std::size_t allowed() {
    const std::string log = audit();
    std::size_t count = 0;
    for (auto at = log.find(": sys-usb -> dom0: allowed"); at != std::string::npos;
         at = log.find(": sys-usb -> dom0: allowed", at + 1)) {
      ++count;
    }
    return count;
  }
  const std::string rule_ =
      "qubes.InputKeyboard +usb-0000_00_05.0-1+3-46d-c52b-111+ sys-usb dom0 allow target=dom0 "
      "device=known keys=+vt pair=no";
  Process keyboard_;
};

TEST_F(Keyboards, AlwaysIsARuleThatIsShownAndThenWritten) {
  start();
  prompt("allow:dom0 always");
  press();
  wait_until([this] { return allowed() == 1; }, "let in");
  ASSERT_EQ(questions().size(), 1U);
  const auto shown = policy::io::parse_question(questions()[0]);
  ASSERT_TRUE(shown.has_value());
  EXPECT_TRUE(shown->always_writes.starts_with(rule_ + "\n")) << shown->always_writes;
  EXPECT_NE(shown->always_writes.find("policy.d/10-sallyport-prompts.policy"), std::string::npos);
  EXPECT_NE(written().find("\n" + rule_ + "\n"), std::string::npos) << written();
  EXPECT_NE(record({"\"kind\":\"policy\"", "always, at the prompt", "\"approver_uid\":" + me_}),
            "");
  EXPECT_NE(record({"allowed to dom0", "\"approver\":\"prompt, always\""}), "") << audit();
  std::this_thread::sleep_for(std::chrono::milliseconds(3200));  // nor is it the same answer still
  press();
  wait_until([this] { return allowed() == 2; }, "let in by the rule");
  EXPECT_EQ(questions().size(), 1U);
  EXPECT_NE(record({"allowed to dom0", "10-sallyport-prompts.policy:5"}), "") << audit();
  plug("port=2-1 vendor=046d product=c52b interfaces=030101,080650\n");
  wait_until([this] { return has("sys-usb", "u080650"); }, "it is something else now");
  press();
  wait_until([this] { return questions().size() == 2; }, "asked again");
  wait_until([this] { return allowed() == 3; }, "let in");
  const std::string text = written();
  EXPECT_EQ(text.find(rule_), text.rfind(rule_)) << "once is enough: " << text;
}

TEST_F(Keyboards, AlwaysIsNotOfferedWhereItWouldNotHold) {
  put("etc/qubes/policy.d/05-first.policy", "qubes.InputKeyboard * sys-usb dom0 ask\n");
  start();
  prompt("allow:dom0 always");
  press();
  wait_until([this] { return questions().size() == 1; }, "asked");
  EXPECT_EQ(questions()[0].find("always"), std::string::npos) << questions()[0];
  wait_until([this] { return !record({"so far was not offered"}).empty(); }, "and not taken");
  EXPECT_EQ(written(), "");
  EXPECT_EQ(allowed(), 0U);
}

}  // namespace
}  // namespace dom0::test
