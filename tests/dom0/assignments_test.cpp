// SPDX-License-Identifier: GPL-2.0-or-later
// Assignments, denied interfaces, history and events: the real daemon, by the Admin API's bytes.
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <sstream>
#include <thread>

#include "policy/io/ask_message.hpp"
#include "tests/dom0/paper_qubes.hpp"

namespace dom0::test {
namespace {

const std::string stick_argument = "sys-usb+2-1+0951+1666+60A44C+u080650";
const std::string stick_id = "0951:1666:60A44C:u080650";

std::string usb(const std::string& verb, const std::string& argument = {}) {
  return "admin.vm.device.usb." + verb + (argument.empty() ? "" : "+" + argument);
}

class Assignments : public PaperQubes {
 protected:
  std::string assign(const std::string& argument = stick_argument,
                     const std::string& mode = "auto-attach") {
    return call(usb("Assign", argument), "work", "mode='" + mode + "'");
  }
  std::string assigned() { return call(usb("Assigned"), "work"); }
  void replug() {
    const std::string devices = *base::io::read_file(root_ / "paper", 1U << 20U);
    plug("# nothing\n");
    wait_until([this] { return !has("sys-usb", "2-1:"); }, "unplugged");
    plug(devices);
  }
  // A prompt agent that answers every question alike, and counts them.
  void prompt(const std::string& reply) {
    std::vector<base::io::Fd> sockets;
    for (const char* name : {"policy-agent.sock", "device-agent.GUI"}) {
      auto listening = base::io::listen_unix(root_ / "run/qubes" / name, 0666,
                                             base::io::SocketType::stream, base::io::Blocking::yes);
      ASSERT_TRUE(listening.has_value()) << listening.error().text;
      sockets.push_back(*std::move(listening));
    }
    prompt_ =
        std::jthread([this, reply, sockets = std::move(sockets)](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            std::array<pollfd, 2> ready{pollfd{sockets[0].get(), POLLIN, 0},
                                        pollfd{sockets[1].get(), POLLIN, 0}};
            if (::poll(ready.data(), ready.size(), 50) <= 0) continue;
            const int which =
                (ready[0].revents & POLLIN) != 0 ? sockets[0].get() : sockets[1].get();
            const base::io::Fd asker(::accept4(which, nullptr, nullptr, SOCK_CLOEXEC));
            auto question = base::io::read_all(asker, 1U << 20U);
            const std::lock_guard lock(questions_mutex_);
            if (question && question->starts_with("policy.Notify ")) notices_.push_back(*question);
            if (!question || question->starts_with("policy.Notify ")) continue;
            questions_.push_back(*question);
            static_cast<void>(base::io::write_all(asker, reply));
          }
        });
  }
  void end_prompt() {
    if (!prompt_.joinable()) return;
    prompt_.request_stop();
    prompt_.join();
  }
  bool noticed(const std::string& text) {
    const std::lock_guard lock(questions_mutex_);
    return std::ranges::any_of(notices_, [&text](const std::string& notice) {
      return notice.find(text) != std::string::npos;
    });
  }
  // The record of the audit log, if any, that has all of these.
  std::string record(const std::vector<std::string>& parts) {
    std::istringstream lines(audit());
    for (std::string line; std::getline(lines, line);) {
      if (std::ranges::all_of(parts, [&line](const std::string& part) {
            return line.find(part) != std::string::npos;
          })) {
        return line;
      }
    }
    return {};
  }
  std::vector<std::string> questions() {
    const std::lock_guard lock(questions_mutex_);
    return questions_;
  }
  ~Assignments() override { end_prompt(); }
  static void expect_icons(const std::string& question, const std::vector<std::string>& names) {
    const auto parsed = policy::io::parse_question(question);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().text;
    const auto icon_of = [&parsed](const std::string& name) {
      const auto found = parsed->icons.find(name);
      return found == parsed->icons.end() ? std::string() : found->second;
    };
    EXPECT_NE(icon_of(parsed->source), "") << question;
    for (const std::string& target : parsed->targets) EXPECT_NE(icon_of(target), "") << target;
    for (const std::string& name : names) EXPECT_NE(icon_of(name), "") << name << question;
    EXPECT_EQ(icon_of("dom0"), "adminvm-black");
    EXPECT_EQ(icon_of("work"), "appvm-blue");
    if (std::ranges::find(names, "@dispvm:dvm") != names.end()) {
      EXPECT_EQ(icon_of("@dispvm:dvm"), "dispvm-green");
    }
  }

  std::mutex questions_mutex_;
  std::vector<std::string> questions_;
  std::vector<std::string> notices_;
  const std::string me_ = std::to_string(::getuid());
  std::jthread prompt_;
};

TEST_F(Assignments, AreListedChangedAndEnded) {
  start();
  EXPECT_EQ(assigned(), ok);
  EXPECT_EQ(assign(), ok);
  EXPECT_EQ(assigned(),
            ok + "sys-usb+2-1:" + stick_id + " device_id='" + stick_id +
                "' port_id='2-1' devclass='usb' backend_domain='sys-usb' mode='auto-attach' "
                "frontend_domain='work'\n");
  EXPECT_EQ(assign(), "2" + std::string(1, '\0') + "DeviceAlreadyAssigned" + std::string(2, '\0') +
                          "usb device sys-usb:2-1:" + stick_id + " already assigned to work" +
                          std::string(1, '\0'));
  EXPECT_EQ(call(usb("Set.assignment", stick_argument), "work", "ask-to-attach"), ok);
  EXPECT_NE(assigned().find("mode='ask-to-attach'"), std::string::npos);
  EXPECT_NE(
      call(usb("Set.assignment", stick_argument), "work", "often").find("Invalid assignment mode"),
      std::string::npos);
  EXPECT_NE(call(usb("Set.assignment", stick_argument), "work", "manual")
                .find("Cannot change assignment mode to 'manual'"),
            std::string::npos);
  EXPECT_NE(assign(stick_argument, "required").find("Only pci and block devices"),
            std::string::npos);
  EXPECT_NE(assign(stick_argument, "manual").find("Only auto-attachable devices"),
            std::string::npos);
  EXPECT_EQ(call(usb("Unassign", stick_argument), "work"), ok);
  EXPECT_NE(call(usb("Unassign", stick_argument), "work").find("DeviceNotAssigned"),
            std::string::npos);
  EXPECT_EQ(assigned(), ok);
  EXPECT_FALSE(attached()) << "an assignment takes effect at the next plug or start, as in Qubes";
}

TEST_F(Assignments, AreThereAgainAfterARestart) {
  start();
  ASSERT_EQ(assign(), ok);
  ASSERT_EQ(call("admin.vm.device.denied.Add", "work", "u0e****u030101"), ok);
  daemon_.end(SIGKILL);
  start_daemon();
  EXPECT_NE(assigned().find("sys-usb+2-1:" + stick_id), std::string::npos);
  EXPECT_EQ(call("admin.vm.device.denied.List", "work"), ok + "u030101\nu0e****");
}

TEST_F(Assignments, AttachWhenTheDeviceComesAndWhenTheQubeStarts) {
  start();
  ASSERT_EQ(assign(), ok);
  replug();
  wait_until([this] { return attached(); }, "attached at replug");
  work_.end(SIGKILL);
  wait_until([this] { return !attached(); }, "gone with its qube");
  start_work();
  wait_until([this] { return attached(); }, "attached at the qube's start");
  ASSERT_EQ(detach(), ok);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_FALSE(attached()) << "what somebody took away stays away";
  replug();
  wait_until([this] { return attached(); }, "until it is plugged in anew");
}

TEST_F(Assignments, AreAStandingYesToAskButNotToDeny) {
  start();
  policy("qubes.USB * work sys-usb ask\n");
  prompt("deny");
  ASSERT_EQ(assign(), ok);
  replug();
  wait_until([this] { return attached(); }, "attached");
  EXPECT_TRUE(questions().empty());
  ASSERT_EQ(detach(), ok);
  policy("qubes.USB * work sys-usb deny\n");
  replug();
  wait_until([this] { return has("sys-usb", "last-detach='from work: denied by policy"); },
             "policy has the last word");
  EXPECT_FALSE(attached());
}

TEST_F(Assignments, AskWhenTheyAreToAsk) {
  start();
  ASSERT_EQ(assign(stick_argument, "ask-to-attach"), ok);
  prompt("allow:work");
  replug();
  wait_until([this] { return attached(); }, "attached");
  ASSERT_EQ(questions().size(), 1U) << "asked once, though policy could ask too";
  EXPECT_TRUE(questions()[0].starts_with("device-agent.GUI dom0 name dom0")) << questions()[0];
  EXPECT_NE(questions()[0].find("\"argument\":\"2-1\""), std::string::npos) << questions()[0];
  EXPECT_NE(questions()[0].find("\"targets\":[\"work\"]"), std::string::npos);
  expect_icons(questions()[0], {"sys-usb", "work", "dom0"});
}

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

TEST_F(Assignments, AskWhenTheDeviceIsNoLongerWhatItWas) {
  start();
  prompt("deny");
  ASSERT_EQ(assign(), ok);
  plug(
      "port=2-1 vendor=0951 product=1666 manufacturer=Kingston serial=60A44C "
      "interfaces=080650 version=0201\n");
  wait_until([this] { return questions().size() == 1; }, "asked");
  EXPECT_NE(questions()[0].find("CHANGED"), std::string::npos) << questions()[0];
  EXPECT_FALSE(attached());
}

TEST_F(Assignments, TwoQubesThatWantItAreOneQuestion) {
  put("etc/sallyport/qubes.d/vault.conf", "label = black\n");
  policy("qubes.USB * @anyvm sys-usb allow\n");
  std::filesystem::create_directories(root_ / "vault");
  start();
  const Process vault = agent("vault", "vault", "none");
  wait_until([this] { return running("vault"); }, "vault runs");
  prompt("allow:work");
  ASSERT_EQ(assign(), ok);
  ASSERT_EQ(call(usb("Assign", stick_argument), "vault", "mode='auto-attach'"), ok);
  replug();
  wait_until([this] { return attached(); }, "attached to the chosen one");
  ASSERT_EQ(questions().size(), 1U);
  EXPECT_NE(questions()[0].find("[\"vault\",\"work\"]"), std::string::npos) << questions()[0];
}

TEST_F(Assignments, AFailureIsTriedAgain) {
  start();
  ASSERT_EQ(assign(), ok);
  const std::string good = *base::io::read_file(root_ / "work/qubes.USBAttach", 4096);
  service("work", "qubes.USBAttach", "echo 'not now' >&2; exit 1");
  replug();
  wait_until([this] { return has("sys-usb", "not now"); }, "failed");
  put("work/qubes.USBAttach", good, 0755);
  wait_until([this] { return attached(); }, "tried again");
}

TEST_F(Assignments, DeniedInterfacesAreForAssignmentsToo) {
  start();
  ASSERT_EQ(call("admin.vm.property.Set+devices_denied", "work", "u08****"), ok);
  EXPECT_EQ(attach(), "2" + std::string(1, '\0') + "PermissionDenied" + std::string(2, '\0') +
                          "Device exposes a banned interface: u080650" + std::string(1, '\0'));
  ASSERT_EQ(assign(), ok);
  replug();
  wait_until([this] { return has("sys-usb", "last-detach='from work: Device exposes"); },
             "refused");
  EXPECT_FALSE(attached());
  EXPECT_NE(call("admin.vm.device.denied.Add", "work", "u030101u030101")
                .find("Duplicated device interfaces in payload."),
            std::string::npos);
  EXPECT_EQ(call("admin.vm.device.denied.Remove", "work", "u08****"), ok);
  EXPECT_EQ(call("admin.vm.device.denied.List", "work"), ok);
  EXPECT_EQ(attach(), ok);
}

TEST_F(Assignments, TheHistoryTellsNewKnownAndChanged) {
  start();
  EXPECT_TRUE(has("sys-usb", "_history='new'"));
  replug();
  wait_until([this] { return has("sys-usb", "2-1:"); }, "again");
  EXPECT_TRUE(has("sys-usb", "_history='new'")) << "to be plugged in twice earns nothing";
  ASSERT_EQ(attach(), ok);
  EXPECT_TRUE(has("sys-usb", "_history='known'"));
  ASSERT_EQ(detach(), ok);
  daemon_.end(SIGTERM);
  start_daemon();
  wait_until([this] { return has("sys-usb", "2-1:"); }, "back");
  EXPECT_TRUE(has("sys-usb", "_history='known'"));
  plug(
      "port=2-1 vendor=0951 product=1666 manufacturer=Kingston serial=60A44C "
      "interfaces=080650,030101\n");
  wait_until([this] { return has("sys-usb", "u030101"); }, "it has a keyboard now");
  EXPECT_TRUE(has("sys-usb", "_history='changed'"));
  EXPECT_NE(call("sallyport.Devices", "dom0").find("\"last_allowed\""), std::string::npos);
}

TEST_F(Assignments, RulesMayAskForTheHistoryClassAndPort) {
  start();
  policy(
      "qubes.USB * work sys-usb deny class=Keyboard\n"
      "qubes.USB * work sys-usb allow device=known\n"
      "qubes.USB * work sys-usb ask device=new timeout=1 ports=2-*\n");
  EXPECT_NE(attach().find("nobody to ask"), std::string::npos);
  prompt("allow:sys-usb");
  ASSERT_EQ(attach(), ok);
  ASSERT_EQ(detach(), ok);
  ASSERT_EQ(attach(), ok) << "known now";
  EXPECT_EQ(questions().size(), 1U);
  plug(
      "port=2-1 vendor=0951 product=1666 manufacturer=Kingston serial=60A44C "
      "interfaces=080650,030101\n");
  wait_until([this] { return has("sys-usb", "u030101"); }, "it has a keyboard now");
  wait_until([this] { return !attached(); }, "detached");
  EXPECT_NE(attach().find("30-user.policy:1"), std::string::npos);
}

TEST_F(Assignments, AYesMayHoldWhileTheDeviceIsPluggedIn) {
  start();
  policy("qubes.USB * work sys-usb ask\n");
  prompt("allow:sys-usb while-plugged");
  ASSERT_EQ(attach(), ok);
  EXPECT_NE(questions()[0].find("\"sallyport_scopes\":[\"once\",\"while-plugged\",\"always\"]"),
            std::string::npos);
  ASSERT_EQ(detach(), ok);
  ASSERT_EQ(attach(), ok);
  ASSERT_EQ(detach(), ok);
  EXPECT_EQ(questions().size(), 1U);
  EXPECT_EQ(assigned(), ok) << "and nothing is written";
  replug();
  wait_until([this] { return has("sys-usb", "2-1:"); }, "again");
  ASSERT_EQ(attach(), ok);
  EXPECT_EQ(questions().size(), 2U) << "another plug is another question";
}

TEST_F(Assignments, AYesForAlwaysIsAnAssignment) {
  start();
  policy("qubes.USB * work sys-usb ask\n");
  prompt("allow:sys-usb always");
  ASSERT_EQ(attach(), ok);
  EXPECT_NE(questions()[0].find("qvm-usb assign work sys-usb:2-1:" + stick_id), std::string::npos);
  EXPECT_NE(assigned().find("sys-usb+2-1:" + stick_id), std::string::npos);
  replug();
  wait_until([this] { return attached(); }, "attached by itself");
  EXPECT_EQ(questions().size(), 1U);
  EXPECT_NE(audit().find("\"approver\":\"prompt, always\""), std::string::npos);
  EXPECT_NE(audit().find("\"approver\":\"assignment\""), std::string::npos);
}

TEST_F(Assignments, TheNodesOfOneKeyboardAreOneQuestion) {
  start();
  policy("test.Echo * work sys-usb ask\n");
  prompt("allow:sys-usb");
  const auto call_with = [this](const std::string& argument) {
    return Process({program("sallyport-call"), "--socket", (root_ / "work/agent.sock").string(),
                    "sys-usb", "test.Echo+" + argument},
                   root_ / "call.log");
  };
  std::vector<Process> calls;
  for (int i = 0; i < 3; ++i) calls.push_back(call_with("usb-2-1+46d-c52b"));
  const auto allowed = [this](const std::string& argument) {
    const std::string log = audit();
    const std::string wanted = "test.Echo+" + argument + ": work -> sys-usb: allowed";
    std::size_t count = 0;
    for (auto at = log.find(wanted); at != std::string::npos; at = log.find(wanted, at + 1))
      ++count;
    return count;
  };
  wait_until([&] { return allowed("usb-2-1+46d-c52b") == 3; }, "all three are let through");
  EXPECT_EQ(questions().size(), 1U);
  calls.push_back(call_with("usb-3-1+46d-c52b"));
  wait_until([&] { return allowed("usb-3-1+46d-c52b") == 1; }, "another device");
  EXPECT_EQ(questions().size(), 2U) << "is another question";
}

TEST_F(Assignments, WhatWasTakenAwayStaysAwayOverARestart) {
  start();
  ASSERT_EQ(assign(), ok);
  replug();
  wait_until([this] { return attached(); }, "attached at replug");
  ASSERT_EQ(detach(), ok);
  for (const int signal : {SIGKILL, SIGTERM}) {
    daemon_.end(signal);
    start_daemon();
    wait_until([this] { return running("work") && has("sys-usb", "2-1:"); }, "qubes are back");
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    EXPECT_FALSE(attached()) << "somebody took it away";
  }
  work_.end(SIGKILL);
  wait_until([this] { return !running("work"); }, "work is gone");
  start_work();
  wait_until([this] { return attached(); }, "a start of the qube is a new beginning");
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

TEST_F(Assignments, EventsAreToldInQubesBytes) {
  start();
  const base::io::Fd listening = ask("admin.Events", "dom0");
  const timeval limit{.tv_sec = 10, .tv_usec = 0};
  ::setsockopt(listening.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  std::string seen;
  const auto wait_for = [&](const std::string& event) {
    std::array<char, 4096> buffer{};
    while (seen.find(event) == std::string::npos) {
      const auto size = ::recv(listening.get(), buffer.data(), buffer.size(), 0);
      if (size <= 0) return false;
      seen.append(buffer.data(), static_cast<std::size_t>(size));
    }
    seen.erase(0, seen.find(event) + event.size());
    return true;
  };
  const auto event = [](std::vector<std::string> fields) {
    std::string bytes = "1" + std::string(1, '\0');
    for (const std::string& field : fields) bytes += field + std::string(1, '\0');
    return bytes + std::string(1, '\0');
  };
  const std::string device = "sys-usb:2-1:" + stick_id;
  EXPECT_TRUE(wait_for(event({"", "connection-established"})));
  ASSERT_EQ(assign(), ok);
  EXPECT_TRUE(wait_for(event({"work", "device-assign:usb", "device", device, "options", "{}"})));
  plug("# nothing\n");
  EXPECT_TRUE(wait_for(event({"sys-usb", "device-list-change:usb"})));
  EXPECT_TRUE(wait_for(event({"sys-usb", "device-removed:usb", "port", "sys-usb:2-1"})));
  plug(
      "port=2-1 vendor=0951 product=1666 manufacturer=Kingston serial=60A44C "
      "interfaces=080650\n");
  EXPECT_TRUE(wait_for(event({"sys-usb", "device-added:usb", "device", device})));
  EXPECT_TRUE(wait_for(event({"work", "device-attach:usb", "device", device, "options", "{}"})));
  ASSERT_EQ(detach(), ok);
  EXPECT_TRUE(wait_for(event({"work", "device-detach:usb", "port", "sys-usb:2-1"})));
  ASSERT_EQ(call(usb("Unassign", stick_argument), "work"), ok);
  EXPECT_TRUE(wait_for(event({"work", "device-unassign:usb", "device", device})));
  work_.end(SIGTERM);
  EXPECT_TRUE(wait_for(event({"work", "domain-shutdown"})));
  start_work();
  EXPECT_TRUE(wait_for(event({"work", "domain-start", "start_guid", "True"})));
}

TEST_F(Assignments, QubesAreToldOfAsQubesDoes) {
  start();
  EXPECT_EQ(call("admin.vm.List", "work"), ok + "work class=AppVM state=Running\n");
  EXPECT_EQ(call("admin.vm.CurrentState", "work"),
            ok + "mem=393216 mem_static_max=393216 cputime=0 power_state=Running");
  EXPECT_EQ(call("admin.vm.property.Get+label", "work"), ok + "default=False type=label blue");
  EXPECT_EQ(call("admin.vm.property.Get+devices_denied", "work"), ok + "default=True type=str ");
  EXPECT_NE(
      call("admin.vm.property.GetAll", "work").find("\nlabel default=False type=label blue\n"),
      std::string::npos);
  EXPECT_NE(call("admin.vm.property.Get+netvm", "work").find("QubesNoSuchPropertyError"),
            std::string::npos);
  EXPECT_NE(call("admin.vm.feature.CheckWithTemplate+x", "work").find("QubesFeatureNotFoundError"),
            std::string::npos);
  EXPECT_NE(call("admin.vm.CurrentState", "nobody").find("No such domain: 'nobody'"),
            std::string::npos);
  EXPECT_NE(call("internal.GetSystemInfo", "dom0").find("\"work\":{\"tags\":[]"),
            std::string::npos);
}

}  // namespace
}  // namespace dom0::test
