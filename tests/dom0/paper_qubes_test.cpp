// SPDX-License-Identifier: GPL-2.0-or-later
// dom0 with real processes: attach, refuse, unplug, restart, kill.
#include "tests/dom0/paper_qubes.hpp"

#include <grp.h>

#include "base/wire/hello.hpp"

namespace dom0::test {
namespace {

TEST_F(PaperQubes, AttachesAndDetaches) {
  start();
  EXPECT_EQ(attach(), ok);
  EXPECT_TRUE(attached());
  EXPECT_TRUE(has("sys-usb", "attachment='work'"));
  EXPECT_NE(attach().find("Device sys-usb:2-1 already attached to work"), std::string::npos);
  EXPECT_EQ(detach(), ok);
  EXPECT_FALSE(attached());
  EXPECT_TRUE(has("sys-usb", "last-detach='from work: detached on request'"));
  EXPECT_NE(audit().find("qrexec: qubes.USB+2-1: work -> sys-usb: allowed to sys-usb"),
            std::string::npos);
}

TEST_F(PaperQubes, GoesOnForManyRounds) {
  start();
  for (int round = 0; round < 50; ++round) {
    ASSERT_EQ(attach(), ok) << round;
    ASSERT_EQ(detach(), ok) << round;
  }
}

TEST_F(PaperQubes, SaysWhyItRefuses) {
  start();
  policy("qubes.USB * work sys-usb deny\n");
  EXPECT_NE(attach().find("30-user.policy:1"), std::string::npos);
  policy("qubes.USB * work sys-usb ask\n");
  EXPECT_NE(attach().find("sallyport-prompt"), std::string::npos);  // nobody to ask: the remedy
  policy("qubes.USB * work sys-usb allow\n");
  EXPECT_NE(call("admin.vm.device.usb.Attach+sys-usb+9-9", "work")
                .find("doesn't expose usb device '9-9'"),
            std::string::npos);
  EXPECT_NE(call("admin.vm.device.usb.Attach+sys-usb+2-1+dead+beef++u000000", "work")
                .find("Unrecognized"),
            std::string::npos);
  EXPECT_FALSE(attached());
  work_.end(SIGTERM);
  wait_until([this] { return !running("work"); }, "work is gone");
  EXPECT_NE(attach().find("sallyport-qube start work"), std::string::npos);
}

TEST_F(PaperQubes, ABrokenPolicyLeavesTheLastGoodOneInForceLoudly) {
  start();
  EXPECT_NE(call("sallyport.Status", "dom0").find(R"("policy":{"ok":true,)"), std::string::npos);
  policy("qubes.USB * work sys-usb allow\nqubes.USB work\n");
  wait_until([this] { return log().find("event=policy_broken") != std::string::npos; },
             "the daemon says so by itself");
  EXPECT_EQ(attach(), ok) << "by the last good policy";
  EXPECT_EQ(detach(), ok);
  const std::string status = call("sallyport.Status", "dom0");
  EXPECT_NE(status.find(R"("policy":{"ok":false,"in_force_since":)"), std::string::npos) << status;
  EXPECT_NE(status.find("30-user.policy:2: wrong number of fields"), std::string::npos) << status;
  EXPECT_NE(status.find(R"("in_force":"last good")"), std::string::npos) << status;
  const std::string broken = log();
  EXPECT_EQ(broken.find("event=policy_broken"), broken.rfind("event=policy_broken")) << "once";
  policy("qubes.USB * work sys-usb deny\n");
  EXPECT_NE(attach().find("30-user.policy:1"), std::string::npos) << "mended, at once";
  EXPECT_NE(log().find("event=policy_mended"), std::string::npos);
}

TEST_F(PaperQubes, APolicyThatIsBrokenAtTheStartDeniesEverything) {
  policy("qubes.USB work\n");
  start();
  EXPECT_NE(attach().find("everything is denied"), std::string::npos);
  EXPECT_NE(attach().find("30-user.policy:1: wrong number of fields"), std::string::npos);
  const std::string status = call("sallyport.Status", "dom0");
  EXPECT_NE(status.find(R"("in_force":"none")"), std::string::npos) << status;
  EXPECT_NE(log().find("event=policy_broken"), std::string::npos);
  policy("qubes.USB * work sys-usb allow\n");
  EXPECT_EQ(attach(), ok);
}

TEST_F(PaperQubes, ReportsTheFrontendsReason) {
  start();
  service("work", "qubes.USBAttach",
          "echo 'vhci_hcd is not loaded in this qube: modprobe vhci_hcd' >&2; exit 1");
  EXPECT_NE(attach().find("modprobe vhci_hcd"), std::string::npos);
  std::filesystem::remove(root_ / "work/qubes.USBAttach");
  EXPECT_NE(attach().find("no service qubes.USBAttach"), std::string::npos);
  EXPECT_FALSE(attached());
}

TEST_F(PaperQubes, AnInterruptedAttachIsWithdrawn) {
  start();
  policy("qubes.USB * work sys-usb ask\n");
  const auto silent_prompt =
      base::io::listen_unix(root_ / "run/qubes/policy-agent.sock", 0666,
                            base::io::SocketType::stream, base::io::Blocking::no);
  ASSERT_TRUE(silent_prompt.has_value());
  base::io::Fd asking = ask("admin.vm.device.usb.Attach+sys-usb+2-1", "work");
  wait_until([this] { return has("sys-usb", "state='asking work'"); }, "the question is asked");
  asking.reset();
  wait_until([this] { return has("sys-usb", "withdrawn"); }, "the question is withdrawn");
  EXPECT_FALSE(has("sys-usb", "state="));

  policy("qubes.USB * work sys-usb allow\n");
  service("work", "qubes.USBAttach", "exec sleep 60");
  base::io::Fd attaching = ask("admin.vm.device.usb.Attach+sys-usb+2-1", "work");
  wait_until([this] { return has("sys-usb", "state='attaching work'"); }, "the frontend starts");
  attaching.reset();
  wait_until([this] { return !has("sys-usb", "state="); }, "the frontend is stopped");
  EXPECT_FALSE(attached());
}

TEST_F(PaperQubes, EndsTheLeaseWhenTheDeviceIsUnplugged) {
  start();
  ASSERT_EQ(attach(), ok);
  plug("# nothing\n");
  wait_until([this] { return !attached(); }, "detached");
  wait_until(
      [this] {
        return call("sallyport.Status", "dom0").find("device unplugged from sys-usb") !=
               std::string::npos;
      },
      "the reason");
}

TEST_F(PaperQubes, EndsTheLeaseWhenTheDeviceClaimsToBeAnother) {
  start();
  ASSERT_EQ(attach(), ok);
  plug(
      "port=2-1 vendor=0951 product=1666 manufacturer=Kingston serial=60A44C "
      "interfaces=080650,030101\n");
  wait_until([this] { return !attached(); }, "detached");
  wait_until([this] { return has("sys-usb", "changed what it claims to be"); }, "the reason");
}

TEST_F(PaperQubes, ACallWithoutALeaseIsRefused) {
  start();
  const std::string log = (root_ / "call.log").string();
  Process caller({program("sallyport-call"), "--socket", (root_ / "work/agent.sock").string(),
                  "sys-usb", "qubes.USB+2-1"},
                 log);
  wait_until([&] { return audit().find("denied: no attach of this device") != std::string::npos; },
             "refused");
  EXPECT_FALSE(attached());
}

TEST_F(PaperQubes, CarriesOrdinaryCallsThatPolicyAllows) {
  start();
  const auto echo = [this](const std::string& service) {
    const std::string command = "echo hi | timeout 30 " + program("sallyport-call") + " --socket " +
                                (root_ / "work/agent.sock").string() + " sys-usb " + service +
                                " >" + (root_ / "out").string() + " 2>&1";
    const int status = std::system(command.c_str());  // NOLINT: a shell is what is wanted here
    return std::pair(WEXITSTATUS(status), *base::io::read_file(root_ / "out", 4096));
  };
  EXPECT_EQ(echo("test.Echo"), std::pair(0, std::string("hi\n")));
  EXPECT_EQ(echo("test.Other").first, 126);
  policy("* * work sys-usb allow\n");
  service("usb", "test.Fail", "cat; echo no such file >&2; exit 3");
  EXPECT_EQ(echo("test.Fail"),
            std::pair(3, std::string("hi\ntest.Fail in sys-usb: no such file\n")));
  EXPECT_EQ(echo("test.Nothing").first, 127);
  EXPECT_NE(echo("test.Nothing").second.find("no service test.Nothing in this qube"),
            std::string::npos);
}

TEST_F(PaperQubes, AStrangerIsRefusedAndTheDaemonGoesOn) {
  start();
  if (::geteuid() !=
      0) {  // then there is no stranger to become: everybody here is the daemon's user
    EXPECT_FALSE(call("admin.vm.List", "dom0").empty());
    return;
  }
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setgroups(0, nullptr) != 0 || ::setresgid(61235, 61235, 61235) != 0 ||
        ::setresuid(61235, 61235, 61235) != 0) {
      ::_exit(2);
    }
    ::_exit(call("admin.vm.List", "dom0").find("QubesDaemonCommunicationError") != std::string::npos
                ? 0
                : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(running("work"));
}

TEST_F(PaperQubes, Dom0CallsAServiceAndGetsItsAnswerOrItsReason) {
  start();
  service("usb", "test.Fail", "cat >/dev/null; echo no such file >&2; exit 2");
  EXPECT_EQ(call("sallyport.Run+test.Echo", "sys-usb", "some bytes"), ok + "some bytes");
  EXPECT_NE(call("sallyport.Run+test.Fail", "sys-usb").find("test.Fail in sys-usb: no such file"),
            std::string::npos);
  EXPECT_NE(call("sallyport.Run+test.Nothing", "sys-usb").find("no service test.Nothing"),
            std::string::npos);
  EXPECT_NE(audit().find("test.Echo+: dom0 -> sys-usb: allowed"), std::string::npos);
}

TEST_F(PaperQubes, AttachedDevicesOutliveARestartOfTheDaemon) {
  start();
  ASSERT_EQ(attach(), ok);
  daemon_.end(SIGKILL);
  start_daemon();
  EXPECT_TRUE(attached());
  wait_until([this] { return running("work") && running("sys-usb"); }, "agents reconnect");
  EXPECT_TRUE(attached());
  EXPECT_EQ(detach(), ok);
  EXPECT_FALSE(attached());
  EXPECT_EQ(attach(), ok);
}

TEST_F(PaperQubes, AnUnplugDuringTheDaemonsAbsenceEndsTheLease) {
  start();
  ASSERT_EQ(attach(), ok);
  daemon_.end(SIGKILL);
  plug("# nothing\n");
  start_daemon();
  wait_until([this] { return !attached(); }, "detached");
}

TEST_F(PaperQubes, EveryKilledProcessEndsTheLeaseWithAReason) {
  // A killed agent's services end with it and close the stream, unless they have children.
  const auto lost = [this](const std::string& qube) {
    return has("sys-usb", qube + ": the connection to its agent was lost") ||
           has("sys-usb", "the connection to " + qube + " was lost and did not come back");
  };
  start();
  ASSERT_EQ(attach(), ok);
  work_.end(SIGKILL);
  wait_until([this] { return !attached(); }, "detached after the target's agent died");
  wait_until([&] { return lost("work"); }, "the reason");
  start_work();
  wait_until([this] { return running("work"); }, "work is back");
  ASSERT_EQ(attach(), ok);
  usb_.end(SIGKILL);
  wait_until([this] { return !attached(); }, "detached after sys-usb's agent died");
  start_usb();
  wait_until([this] { return has("sys-usb", "2-1:"); }, "sys-usb is back");
  wait_until([&] { return lost("sys-usb"); }, "the reason");
  ASSERT_EQ(attach(), ok);
  kill_relay();
  wait_until([this] { return has("sys-usb", "the relay process died"); },
             "detached after the relay died");
  EXPECT_FALSE(attached());
  EXPECT_NE(attach().find("start sallyport-relay"), std::string::npos);
}

TEST_F(PaperQubes, AQubeCannotHoldTheDaemonUp) {
  start();
  const auto path = root_ / "run/sallyport/qubes/work.sock";
  std::vector<base::io::Fd> silent;
  for (int i = 0; i < 60; ++i) {  // says nothing
    auto socket = base::io::connect_unix(path);
    if (socket) silent.push_back(*std::move(socket));
  }
  auto flood = base::io::connect_unix(path);  // garbage instead of a hello
  ASSERT_TRUE(flood.has_value());
  static_cast<void>(base::io::write_all(*flood, std::string(100, 'x')));
  EXPECT_FALSE(call("admin.vm.List", "dom0").empty());
  EXPECT_TRUE(has("sys-usb", "2-1:"));
  silent.clear();
  // A control connection that lies about a length is cut off, and the real agent comes back.
  wait_until(
      [&] {
        auto liar = base::io::connect_unix(path);
        if (!liar) return false;
        const auto hello = base::wire::encode_hello({});
        return base::io::write_all(*liar, base::wire::as_text(hello)).has_value() &&
               base::io::write_all(*liar, "\xff\xff\xff\x7f").has_value();
      },
      "liar is heard");
  // Until the daemon has got to it, "running" would mean the agent that it replaces, or the liar.
  wait_until([this] { return log().find("event=qube_link_down") != std::string::npos; },
             "the liar is cut off");
  wait_until([this] { return running("work"); }, "work is back");
  EXPECT_EQ(attach(), ok);
}

}  // namespace
}  // namespace dom0::test
