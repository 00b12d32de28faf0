// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport doctor` on made-up hosts: a sysfs, a registry and a policy in a temporary folder.
#include <gtest/gtest.h>

#include <fstream>

#include "base/device/io/host_input.hpp"
#include "cli/io/doctor_host.hpp"
#include "cli/io/doctor_tool.hpp"

namespace cli::io {
namespace {

namespace fs = std::filesystem;

constexpr const char* keyboard_keys = "402000000 3803078f800d001 feffffdfffefffff fffffffffffffffe";
constexpr const char* mouse_keys = "1f0000 0 0 0 0";
constexpr const char* usb_port =
    "pci0000:00/0000:00:14.0/usb1/1-2/1-2.1/1-2.1:1.0/0003:046D:C31C.0001/input/input5";
constexpr const char* ps2_port = "platform/i8042/serio0/input/input1";

class DoctorHost : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "sallyport-doctor-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    fs::create_directories(sys() / "class/input");
    fs::create_directories(root_ / "run/qubes/policy.d");
    write("etc/qubes/policy.d/30-user.policy", "");
    registry("sys-usb", "controllers = 0000:00:14.0\ntags = usb\n");
  }
  void TearDown() override { fs::remove_all(root_); }

  fs::path sys() const { return root_ / "sys"; }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  void registry(const std::string& qube, const std::string& text) const {
    write("etc/sallyport/qubes.d/" + qube + ".conf", text);
  }
  void policy(const std::string& text) const { write("etc/qubes/policy.d/30-user.policy", text); }

  void add_input(int number, const std::string& folder, const char* keys) const {
    const std::string event = "event" + std::to_string(number);
    const std::string where = "sys/devices/" + folder;
    write(where + "/name", "A Device\n");
    write(where + "/capabilities/key", keys + std::string("\n"));
    write(where + "/id/vendor", "046d\n");
    write(where + "/id/product", "c31c\n");
    fs::create_directories(root_ / where / event);
    fs::create_directory_symlink(root_ / where, root_ / where / event / "device");
    fs::create_directory_symlink(root_ / where / event, sys() / "class/input" / event);
  }

  Outcome run(Words words = {}) const {
    words.insert(words.end(), {"--sys", sys().string()});
    return run_doctor(words, base::io::Paths(root_), 80);
  }

  fs::path root_;
};

TEST_F(DoctorHost, FindsKeyboardsAndWhereTheyHang) {
  add_input(12, usb_port, keyboard_keys);
  add_input(3, ps2_port, keyboard_keys);
  add_input(4, "pci0000:00/0000:00:14.0/usb1/1-3/1-3:1.0/0003:1:2.3/input/input6", mouse_keys);
  add_input(5, "virtual/input/input9", keyboard_keys);
  add_input(6, "platform/vhci_hcd.0/usb3/3-1/3-1:1.0/0003:1:2.4/input/input10", keyboard_keys);
  add_input(7, "LNXSYSTM:00/LNXPWRBN:00/input/input0", "10000000000000 0");
  const auto found = base::device::io::read_host_input(sys());
  ASSERT_EQ(found.keyboards.size(), 2U);
  EXPECT_EQ(found.keyboards[0].event, "event3");
  EXPECT_EQ(found.keyboards[0].port, "");
  EXPECT_EQ(found.keyboards[0].controller, "");
  EXPECT_EQ(found.keyboards[1].event, "event12");
  EXPECT_EQ(found.keyboards[1].name, "A Device");
  EXPECT_EQ(found.keyboards[1].port, "1-2.1");
  EXPECT_EQ(found.keyboards[1].controller, "0000:00:14.0");
  EXPECT_EQ(found.keyboards[1].vendor, 0x046d);
  EXPECT_EQ(found.keyboards[1].product, 0xc31c);
  ASSERT_EQ(found.pointers.size(), 1U);
  EXPECT_EQ(found.pointers[0].port, "1-3");
}

TEST_F(DoctorHost, WarnsBeforeTheLastKeyboardGoes) {
  add_input(1, usb_port, keyboard_keys);
  policy("qubes.InputKeyboard * sys-usb @adminvm ask default_target=@adminvm\n");
  const Outcome outcome = run();
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.out.find("ok       registry  sys-usb has 0000:00:14.0\n"), std::string::npos)
      << outcome.out;
  EXPECT_NE(outcome.out.find("problem  policy    for keyboards of sys-usb policy says ask ("),
            std::string::npos)
      << outcome.out;
  EXPECT_NE(outcome.out.find("30-user.policy:1); after the next start"), std::string::npos)
      << outcome.out;
  EXPECT_NE(outcome.out.find("allow  ports=1-2.1  pair=no\n"), std::string::npos) << outcome.out;
}

TEST_F(DoctorHost, TheAdvisedRuleHelps) {
  add_input(1, usb_port, keyboard_keys);
  const std::string ask = "qubes.InputKeyboard * sys-usb @adminvm ask\n";
  policy("qubes.InputKeyboard  *  sys-usb  @adminvm  allow  ports=1-2.1  pair=no\n" + ask);
  EXPECT_EQ(run().code, 0) << run().out;
  policy("qubes.InputKeyboard  *  sys-usb  @adminvm  allow  ports=1-3  pair=no\n" + ask);
  EXPECT_EQ(run().code, 1) << run().out;
  policy("qubes.InputMouse * sys-usb @adminvm allow\n" + ask);
  EXPECT_EQ(run().code, 0) << run().out;
  EXPECT_NE(run().out.find("only a mouse of sys-usb could answer"), std::string::npos) << run().out;
  policy("qubes.InputKeyboard * @tag:usb @adminvm allow pair=no\n");
  EXPECT_EQ(run().code, 0) << run().out;
  fs::remove_all(sys() / "class/input");
  EXPECT_EQ(run().code, 0) << run().out;
}

// Before a login nobody is shown them; that a keyboard is known changes nothing for the next one.
TEST_F(DoctorHost, DigitsThatNobodySeesAreAProblem) {
  add_input(1, usb_port, keyboard_keys);
  for (const char* pair : {"", " pair=yes", " pair=new"}) {
    policy("qubes.InputKeyboard * sys-usb @adminvm allow" + std::string(pair) + "\n");
    const Outcome outcome = run();
    EXPECT_EQ(outcome.code, 1) << pair << outcome.out;
    EXPECT_NE(outcome.out.find("policy wants digits typed on them"), std::string::npos)
        << outcome.out;
    EXPECT_NE(outcome.out.find("allow  ports=1-2.1  pair=no\n"), std::string::npos) << outcome.out;
  }
  add_input(3, ps2_port, keyboard_keys);
  EXPECT_EQ(run().code, 0) << run().out;
}

TEST_F(DoctorHost, DeniesAreProblemsAndSoAreBrokenFiles) {
  add_input(1, usb_port, keyboard_keys);
  EXPECT_EQ(run().code, 1);
  EXPECT_NE(run().out.find("policy says deny"), std::string::npos) << run().out;
  policy("nonsense\n");
  EXPECT_NE(run().out.find("30-user.policy:1"), std::string::npos) << run().out;
  add_input(2, ps2_port, keyboard_keys);
  EXPECT_EQ(run().code, 0) << run().out;
  registry("other", "controller = 0000:00:1d.0\n");
  EXPECT_EQ(run().code, 1) << run().out;
  EXPECT_NE(run().out.find("other.conf:1"), std::string::npos) << run().out;
}

TEST_F(DoctorHost, EmulatedControllersAreNoneOfTheHost) {
  add_input(1, usb_port, keyboard_keys);
  registry("sys-usb", "controllers = emulated\n");
  const Outcome outcome = run({"--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_TRUE(outcome.out.starts_with(R"({"ok":true,"findings":[)")) << outcome.out;
  fs::remove_all(root_ / "etc/sallyport");
  EXPECT_EQ(run().code, 0) << run().out;
}

TEST_F(DoctorHost, ReadsHowItStarts) {
  add_input(1, usb_port, keyboard_keys);
  registry("sys-usb", "");
  write("etc/crypttab", "root UUID=1 none luks\n");
  EXPECT_EQ(run().code, 0) << run().out;
  write("etc/default/grub", "GRUB_CMDLINE_LINUX=usbcore.authorized_default=0\n");
  EXPECT_EQ(run().code, 1) << run().out;
  fs::remove(root_ / "etc/default/grub");
  EXPECT_EQ(run().code, 0) << run().out;
  write("proc/cmdline", "quiet usbcore.authorized_default=0\n");
  EXPECT_EQ(run().code, 1) << run().out;
  write("etc/sallyport/early-boot.conf", "port = any\n");
  EXPECT_EQ(run().code, 1) << run().out;  // nothing takes it into the initramfs
  for (const char* hook :
       {"etc/initramfs-tools/hooks/sallyport", "usr/share/initramfs-tools/hooks/sallyport"}) {
    write(hook, "#!/bin/sh\n");
    EXPECT_EQ(run().code, 0) << run().out;
    fs::remove(root_ / hook);
  }
  fs::remove(root_ / "etc/sallyport/early-boot.conf");
  write("sys/class/tty/console/active", "tty0 ttyS0\n");
  EXPECT_EQ(run().code, 0) << run().out;
}

TEST_F(DoctorHost, RefusesWrongUsage) {
  EXPECT_EQ(run({"--frob"}).code, 2);
  EXPECT_EQ(run({"now"}).code, 2);
  EXPECT_EQ(run_doctor({"--sys"}, base::io::Paths(root_), 80).code, 2);
  const Outcome help = run({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_TRUE(help.out.starts_with("usage: sallyport doctor")) << help.out;
}

}  // namespace
}  // namespace cli::io
