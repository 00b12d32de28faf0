// SPDX-License-Identifier: GPL-2.0-or-later
// Assignments, denied interfaces, history and events: the real daemon, by the Admin API's bytes.
#include "tests/dom0/assignments.hpp"

namespace dom0::test {
namespace {

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

TEST_F(Assignments, AskWhenTheDeviceIsNoLongerWhatItWas) {
  start();
  prompt("deny");
  ASSERT_EQ(assign(), ok);
  plug(
      "port=2-1 vendor=0951 product=1666 manufacturer=Kingston serial=60A44C "
      "interfaces=080650 version=0201\n");
  wait_until([this] { return questions().size() == 1; }, "asked");
  EXPECT_NE(questions()[0].find("CHANGED"), std::string::npos) << questions()[0];
  // What dom0 knows has nothing of the device's own words in it; those stand among its claims.
  const std::string asked = questions()[0];
  const auto detail = [&asked](const std::string& name) {
    const std::string start = "\"" + name + "\":\"";
    const std::size_t at = asked.find(start);
    if (at == std::string::npos) return std::string();
    return asked.substr(at + start.size(), asked.find('"', at + start.size()) - at - start.size());
  };
  EXPECT_EQ(detail("changed"), "its descriptors or texts are not what they were") << asked;
  EXPECT_NE(detail("device before").find("Kingston"), std::string::npos) << asked;
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
  EXPECT_EQ(attach(), "2" + std::string(1, '\0') + "QubesDaemonCommunicationError" +
                          std::string(2, '\0') + "Device exposes a banned interface: u080650" +
                          std::string(1, '\0'));
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
  // Until it is back with sys-usb the answer is that it is busy.
  wait_until([this] { return attach().find("30-user.policy:1") != std::string::npos; },
             "the rule for keyboards denies it");
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
