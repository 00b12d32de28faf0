// SPDX-License-Identifier: GPL-2.0-or-later
// Which calls the commands make, and what they say when the daemon refuses.
#include "cli/device_run.hpp"

#include "tests/cli/device_run_fixture.hpp"

namespace cli {
namespace {

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

TEST_F(DeviceRunTest, OneThatWaitsForItsDeviceIsListedAndDetached) {
  available_ = std::string(
      "2-1:0951:1666:60A4:u080650 port_id='2-1' interfaces='u080650' "
      "_state='waiting work'\n");
  EXPECT_NE(run({"list"}).out.find("work (waiting)"), std::string::npos) << run({"list"}).out;
  const std::vector<std::string> detaches{"admin.vm.device.usb.Detach+sys-usb+2-1+_ work "};
  EXPECT_EQ(run({"detach", "work", "sys-usb:2-1"}).code, 0);
  EXPECT_EQ(calls_, detaches);
  EXPECT_EQ(run({"detach", "work"}).code, 0);
  EXPECT_EQ(calls_, detaches);
  EXPECT_EQ(run({"detach", "sys-usb", "sys-usb:2-1"}).code, 1);
  EXPECT_TRUE(calls_.empty()) << "it waits for another qube";
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
  available_ = refusal("QubesDaemonAccessError", "no such method");
  EXPECT_EQ(run({}).err,
            "Error: Failed to list 'usb' devices, this device type either does not exist or you "
            "do not have access to it.\n");
  available_ = refusal("QubesDaemonCommunicationError", "join group sallyport");
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

}  // namespace
}  // namespace cli
