// SPDX-License-Identifier: GPL-2.0-or-later
// Block devices through dom0: real daemon, relay and agents, devices on paper, services of shell.
#include "tests/dom0/paper_qubes.hpp"

namespace dom0::test {
namespace {

const std::string stick =
    "port=2-1 vendor=0951 product=1666 manufacturer=Kingston serial=60A44C interfaces=080650\n";
const std::string disk = "block=sda size=1048576 usb-interface=2-1:1.0 model=DataTraveler\n";
const std::string parts =
    "block=sda1 size=524288 kind=partition parent=sda partition=1 usb-interface=2-1:1.0 "
    "label=KEY\n"
    "block=sda2 size=4096 kind=partition parent=sda partition=2 usb-interface=2-1:1.0\n";
const std::string disc = "block=sr0 size=2048 kind=cdrom mode=ro sector=2048\n";

class PaperBlocks : public PaperQubes {
 protected:
  PaperBlocks() {
    policy("sallyport.Block * work sys-usb allow\nqubes.USB * work sys-usb allow\n");
    plug(stick + disk + parts + disc);
    // Writes what dom0 told it, then attaches as the frontend does.
    service("work", "sallyport.BlockAttach",
            "read backend port; echo \"$backend $port\" > " + told() +
                "\nwhile read -r line && [ -n \"$line\" ]; do echo \"$line\" >> " + told() +
                "; done\n"
                "exec 3>&1\nexec " +
                program("sallyport-call") + " --socket " + (root_ / "work/agent.sock").string() +
                " $backend sallyport.Block+$port sh -c 'read hello; echo attached >&3; exec 3>&-; "
                "cat >/dev/null; echo \"stream closed\" >&2'");
    service("usb", "sallyport.Block",
            "echo \"$SALLYPORT_OPTIONS\" > " + served() + "; echo hello\ncat >/dev/null");
    // Both are written by services that run as the tests' user.
    put("work/told", "", 0666);
    put("usb/served", "", 0666);
  }
  std::string told() { return (root_ / "work/told").string(); }
  std::string served() { return (root_ / "usb/served").string(); }
  std::string content(const std::string& path) {
    auto text = base::io::read_file(path, 4096);
    return text ? *text : "";
  }
  void begin() {
    start();
    wait_until([this] { return available().find("sr0:") != std::string::npos; }, "disks are told");
  }
  std::string available() { return call("admin.vm.device.block.Available", "sys-usb"); }
  std::string given() { return call("admin.vm.device.block.Attached", "work"); }
  std::string give(const std::string& name, const std::string& options = {}) {
    return call("admin.vm.device.block.Attach+sys-usb+" + name, "work", options);
  }
  std::string take(const std::string& name) {
    return call("admin.vm.device.block.Detach+sys-usb+" + name, "work");
  }
};

TEST_F(PaperBlocks, AreListedApartFromUsbDevices) {
  begin();
  EXPECT_NE(available().find("sda1:0951:1666:60A44C:u080650:1.0:1 device_id="), std::string::npos)
      << available();
  EXPECT_EQ(available().find(" devclass='usb'"), std::string::npos);
  EXPECT_EQ(call("admin.vm.device.usb.Available", "sys-usb").find("block"), std::string::npos);
  EXPECT_EQ(call("admin.deviceclass.List", "dom0"), ok + "block\nusb\n");
}

TEST_F(PaperBlocks, AreAttachedWithTheirOptionsAndDetached) {
  begin();
  ASSERT_EQ(give("sda1", "_read-only='yes'"), ok);
  EXPECT_EQ(content(told()),
            "sys-usb sda1\nidentity 0951:1666:60A44C:u080650:1.0:1\noption read-only yes\n"
            "option frontend-dev xvdi\n");
  EXPECT_EQ(content(served()), "read-only=yes\n");
  EXPECT_NE(given().find("_read-only='yes' _frontend-dev='xvdi'"), std::string::npos) << given();
  EXPECT_NE(audit().find("sallyport.Block+sda1: work -> sys-usb: allowed"), std::string::npos);
  EXPECT_NE(call("admin.vm.device.usb.Detach+sys-usb+sda1", "work").find("not attached"),
            std::string::npos);
  ASSERT_EQ(give("sr0"), ok);
  EXPECT_NE(given().find("_read-only='yes' _frontend-dev='xvdd' _devtype='cdrom'"),
            std::string::npos)
      << given();
  EXPECT_EQ(take("sda1"), ok);
  EXPECT_EQ(take("sr0"), ok);
  EXPECT_EQ(given(), ok);
}

TEST_F(PaperBlocks, AreRefusedInWords) {
  begin();
  EXPECT_NE(give("sr0", "_read-only='no'").find("This device can be attached only read-only"),
            std::string::npos);
  EXPECT_NE(give("sda", "_frontend-dev='hda'").find("Invalid frontend-dev option value: hda"),
            std::string::npos);
  EXPECT_NE(give("sdz").find("backend vm sys-usb doesn't expose block device 'sdz'"),
            std::string::npos);
  EXPECT_NE(give("2-1").find("doesn't expose block device '2-1'"), std::string::npos);
  policy("sallyport.Block +sda1 work sys-usb deny\nsallyport.Block * work sys-usb allow\n");
  EXPECT_NE(give("sda1").find("30-user.policy:1"), std::string::npos);
  EXPECT_EQ(give("sda2"), ok);
}

TEST_F(PaperBlocks, APartKeepsTheWholeAndTheUsbDeviceAway) {
  begin();
  ASSERT_EQ(give("sda1"), ok);
  EXPECT_NE(give("sda").find("Device sys-usb:sda1 already attached to work"), std::string::npos);
  EXPECT_NE(attach().find("Device sys-usb:sda1 already attached to work"), std::string::npos);
  EXPECT_EQ(give("sda2"), ok);
  EXPECT_NE(given().find("_frontend-dev='xvdj'"), std::string::npos);
}

TEST_F(PaperBlocks, AreTakenAwayWhenTheyAreUnpluggedOrOthers) {
  begin();
  ASSERT_EQ(give("sda1"), ok);
  plug(stick + disk + disc);
  wait_until([this] { return given() == ok; }, "unplugged");
  plug(stick + disk + parts + disc);
  wait_until([this] { return available().find("sda1:") != std::string::npos; }, "back");
  ASSERT_EQ(give("sda"), ok);
  std::string larger = disk;
  larger.replace(larger.find("1048576"), 7, "2097152");
  plug(stick + larger + parts + disc);
  wait_until([this] { return given() == ok; }, "another size is another medium");
}

TEST_F(PaperBlocks, NobodyCallsTheServerByHimself) {
  begin();
  service("work", "test.Direct",
          program("sallyport-call") + " --socket " + (root_ / "work/agent.sock").string() +
              " sys-usb sallyport.Block+sda1 cat 2>&1 || echo refused $?");
  const std::string said = call("sallyport.Run+test.Direct", "work");
  EXPECT_NE(said.find("refused 126"), std::string::npos) << said;
  EXPECT_NE(said.find("use qvm-block attach"), std::string::npos) << said;
}

TEST_F(PaperBlocks, AssignmentsAttachThemWithTheirOptions) {
  begin();
  const std::string id = "0951+1666+60A44C+u080650+1.0";
  ASSERT_EQ(call("admin.vm.device.block.Assign+sys-usb+sda+" + id, "work",
                 "mode='auto-attach' _read-only='yes' _frontend-dev='xvdk'"),
            ok);
  EXPECT_NE(call("admin.vm.device.block.Assigned", "work").find("devclass='block'"),
            std::string::npos);
  EXPECT_EQ(call("admin.vm.device.usb.Assigned", "work"), ok);
  plug(stick + disc);
  wait_until([this] { return available().find("sda:") == std::string::npos; }, "unplugged");
  plug(stick + disk + parts + disc);
  wait_until([this] { return given().find("_frontend-dev='xvdk'") != std::string::npos; },
             "attached by its assignment");
  EXPECT_NE(given().find("_read-only='yes'"), std::string::npos);
  EXPECT_EQ(call("admin.vm.device.block.Unassign+sys-usb+sda+" + id, "work"), ok);
}

// As `qvm-block assign --required` and `qvm-block attach -p` ask for it.
TEST_F(PaperBlocks, ARequiredOneIsThereWhenTheQubeStartsAndStays) {
  begin();
  const std::string id = "0951+1666+60A44C+u080650+1.0";
  const std::string assign = "admin.vm.device.block.Assign+sys-usb+sda+" + id;
  ASSERT_EQ(call(assign, "work", "mode='required' _read-only='yes'"), ok);
  EXPECT_NE(call("admin.vm.device.block.Assigned", "work").find("mode='required'"),
            std::string::npos);
  const auto launch = [this] {
    std::filesystem::remove(root_ / "launch.log");
    Process launcher({program("sallyport-qube"), "start", "work", "--root", root_.string(),
                      "--images", (root_ / "images").string()},
                     root_ / "launch.log");
    launcher.end(0);  // waits for its end
    return content((root_ / "launch.log").string());
  };
  EXPECT_EQ(launch().find("not available"), std::string::npos) << "it is there";
  plug(stick + disc);
  wait_until([this] { return available().find("sda:") == std::string::npos; }, "unplugged");
  EXPECT_NE(launch().find("Block device sys-usb:sda:0951:1666:60A44C:u080650:1.0 not available"),
            std::string::npos)
      << content((root_ / "launch.log").string());
  plug(stick + disk + parts + disc);
  wait_until([this] { return given().find("_read-only='yes'") != std::string::npos; },
             "attached by its assignment");
  const std::string refused = take("sda");
  EXPECT_NE(refused.find("QubesVMNotHaltedError"), std::string::npos) << refused;
  EXPECT_NE(refused.find("Can not detach a required device from a non halted qube. You need to "
                         "unassign device first."),
            std::string::npos);
  EXPECT_NE(given(), ok);
  const std::string set = "admin.vm.device.block.Set.assignment+sys-usb+sda+" + id;
  ASSERT_EQ(call(set, "work", "auto-attach"), ok);
  EXPECT_EQ(take("sda"), ok) << "no longer required";
  EXPECT_EQ(launch().find("not available"), std::string::npos);
  ASSERT_EQ(call(set, "work", "required"), ok);
  daemon_.end(SIGTERM);
  EXPECT_NE(launch().find("cannot ask sallyportd which devices work requires"), std::string::npos)
      << "what cannot be known is not taken for granted";
}

}  // namespace
}  // namespace dom0::test
