// SPDX-License-Identifier: GPL-2.0-or-later
// Which calls the commands make, and what they say when the daemon refuses.
#include "cli/device_run.hpp"

#include <gtest/gtest.h>

namespace cli {
namespace {

constexpr std::string_view stick =
    "2-1:0951:1666:60A4:u080650 device_id='0951:1666:60A4:u080650' port_id='2-1' "
    "vendor='Kingston' product='Stick' interfaces='u080650' _last-detach='work: unplugged'\n";

// Answers lists itself; everything else is `answer`.
class DeviceRunTest : public testing::Test {
 protected:
  Outcome run(const Words& words) {
    calls_.clear();
    const auto command = parse_device_command("qvm-usb", words, 80);
    if (!command) return command.error();
    const Admin admin = [this](const AdminCall& call) { return reply(call); };
    return run_device_command(*command, admin, Header::hidden);
  }

  AdminAnswer reply(const AdminCall& call) {
    const std::string what = call.method.substr(call.method.rfind('.') + 1);
    if (what == "List") return qubes_;
    if (what == "Available")
      return call.target == "sys-usb" ? available_ : AdminAnswer(std::string());
    if (what == "Attached") return call.target == "work" ? attached_ : AdminAnswer(std::string());
    calls_.push_back(call.method + "+" + call.argument + " " + call.target + " " + call.payload);
    return answer_;
  }

  static AdminAnswer refusal(std::string type, std::string text) {
    return base::Unexpected<AdminFailure>{AdminFailure{
        .kind = AdminFailure::Kind::refused, .type = std::move(type), .text = std::move(text)}};
  }

  AdminAnswer qubes_ =
      std::string("dom0 state=Running\nsys-usb state=Running\nwork state=Running\n");
  AdminAnswer available_ = std::string(stick);
  AdminAnswer attached_ = std::string();
  AdminAnswer answer_ = std::string();
  std::vector<std::string> calls_;
};

TEST_F(DeviceRunTest, AttachPinsTheIdentityItSaw) {
  EXPECT_EQ(run({"attach", "-v", "--ro", "work", "sys-usb:2-1"}),
            (Outcome{.code = 0, .out = "", .err = "Attached sys-usb:2-1 to work.\n"}));
  EXPECT_EQ(calls_,
            std::vector<std::string>{
                "admin.vm.device.usb.Attach+sys-usb+2-1+0951+1666+60A4+u080650 work "
                "device_id='0951:1666:60A4:u080650' port_id='2-1' devclass='usb' "
                "backend_domain='sys-usb' mode='manual' frontend_domain='work' _read-only='yes'"});
}

TEST_F(DeviceRunTest, AttachChecksTheIdentityThatWasNamed) {
  EXPECT_EQ(run({"attach", "work", "sys-usb:2-1:0951:1666:60A4:u080650"}).code, 0);
  EXPECT_EQ(run({"attach", "work", "sys-usb:2-1:*"}).code, 0);
  EXPECT_EQ(run({"attach", "work", "sys-usb:2-1:dead:beef::u000000"}),
            (Outcome{.code = 1,
                     .out = "",
                     .err = "Error: Unrecognized identity, skipping attachment of device from the "
                            "port sys-usb:2-1\n"}));
  EXPECT_TRUE(calls_.empty());
}

TEST_F(DeviceRunTest, AttachRefusesADeviceThatCannotBeRead) {
  available_ = std::string("2-1:a:b:c:d port_id='2-2'\n");
  const Outcome outcome = run({"attach", "work", "sys-usb:2-1"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err,
            "qvm-usb: cannot read what the daemon says of device sys-usb:2-1\n"
            "Error: Unknown device, skipping attachment of device from the port sys-usb:2-1\n");
  EXPECT_TRUE(calls_.empty());
}

TEST_F(DeviceRunTest, PersistentAttachTouchesNothing) {
  const Outcome outcome = run({"attach", "-p", "work", "sys-usb:2-1"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err,
            "Error: assignments are not available yet in this version; use attach and detach\n");
  EXPECT_TRUE(calls_.empty());
}

TEST_F(DeviceRunTest, DetachNamesTheDeviceThatIsAttached) {
  attached_ = std::string("sys-usb+2-1:0951:1666:60A4:u080650 port_id='2-1'\n");
  EXPECT_EQ(run({"detach", "work", "sys-usb:2-1"}).code, 0);
  EXPECT_EQ(calls_, std::vector<std::string>{
                        "admin.vm.device.usb.Detach+sys-usb+2-1+0951+1666+60A4+u080650 work "});
}

TEST_F(DeviceRunTest, DetachWorksWhenTheDeviceIsAlreadyGone) {
  available_ = std::string();
  attached_ = std::string("sys-usb+2-1:0951:1666:60A4:u080650 port_id='2-1'\n");
  EXPECT_EQ(run({"detach", "work", "sys-usb:2-1"}).code, 0);
  EXPECT_EQ(calls_.size(), 1U);
}

TEST_F(DeviceRunTest, DetachSaysWhatIsNotAttached) {
  EXPECT_EQ(run({"detach", "work", "sys-usb:2-1"}).err,
            "Error: sys-usb:2-1:0951:1666:60A4:u080650 is not attached.\n");
  EXPECT_EQ(run({"detach", "work"}), (Outcome{}));
  EXPECT_TRUE(calls_.empty());
}

TEST_F(DeviceRunTest, DetachAllGoesOnAfterAFailure) {
  attached_ = std::string("sys-usb+2-1:a:b:c:d\nsys-usb+2-2:a:b:c:d\n");
  answer_ = refusal("QubesException", "no");
  EXPECT_EQ(run({"detach", "work"}),
            (Outcome{.code = 1, .out = "", .err = "Error: no\nError: no\n"}));
  EXPECT_EQ(calls_, (std::vector<std::string>{"admin.vm.device.usb.Detach+sys-usb+2-1+_ work ",
                                              "admin.vm.device.usb.Detach+sys-usb+2-2+_ work "}));
}

TEST_F(DeviceRunTest, ListTakesNamesAndGlobs) {
  const std::string row = "sys-usb:2-1  USB_Storage: Kingston Stick  \n";
  EXPECT_EQ(run({"list", "sys-*"}).out, row);
  EXPECT_EQ(run({"list", "work"}).out, "");
  EXPECT_EQ(run({"list", "--all", "--exclude", "sys-usb"}).out, "");
  EXPECT_EQ(run({"list", "x*"}).code, 2);
  EXPECT_EQ(run({"attach", "wor*", "sys-usb:2-1"}).code, 2);
}

TEST_F(DeviceRunTest, ListShowsWhatAQubeUsesFromOthers) {
  attached_ = std::string("sys-usb+2-1:0951:1666:60A4:u080650\nsys-usb+9-9:a:b:c:d\n");
  EXPECT_EQ(run({"list", "work"}).out,
            "sys-usb:2-1  USB_Storage: Kingston Stick  work (attached)\n"
            "sys-usb:9-9  no longer there              work (attached)\n");
}

TEST_F(DeviceRunTest, ListSaysWhyItCannot) {
  available_ = refusal("QubesNoSuchMethodError", "no such method");
  EXPECT_EQ(run({}).err,
            "Error: Failed to list 'usb' devices, this device type either does not exist or you "
            "do not have access to it.\n");
  available_ = refusal("PermissionDenied", "join group sallyport");
  EXPECT_EQ(run({}).err, "Error: join group sallyport\n");
}

TEST_F(DeviceRunTest, InfoShowsExtras) {
  EXPECT_EQ(run({"info", "sys-usb:2-1"}).out,
            "USB_Storage: Kingston Stick\ndevice ID: 0951:1666:60A4:u080650\n"
            "last-detach: work: unplugged\n");
  EXPECT_EQ(run({"info", "sys-usb:9-9"}).err,
            "qvm-usb: error: backend vm sys-usb doesn't expose usb device '9-9'\n");
}

TEST_F(DeviceRunTest, ADeviceOfAQubeThatDoesNotRunSaysSo) {
  qubes_ = std::string("dom0 state=Running\nsys-usb state=Halted\nwork state=Running\n");
  available_ = std::string();
  EXPECT_EQ(run({"attach", "work", "sys-usb:2-1"}).err,
            "qvm-usb: error: backend vm sys-usb doesn't expose usb device '2-1': it is not "
            "running; start it with: sallyport-qube start sys-usb\n");
}

TEST_F(DeviceRunTest, DeviceNamesAreChecked) {
  for (const char* name : {"2-1", ":2-1", "sys-usb:", "sys-usb:2-1;x", "sys usb:2-1"}) {
    EXPECT_EQ(run({"attach", "work", name}).code, 2) << name;
  }
}

TEST_F(DeviceRunTest, AssignmentsAreNotThereYet) {
  for (const Words& words : {Words{"assign", "work", "sys-usb:2-1"}, Words{"unassign", "work"}}) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_NE(outcome.err.find("not available yet in this version"), std::string::npos);
  }
}

}  // namespace
}  // namespace cli
