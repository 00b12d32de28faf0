// SPDX-License-Identifier: GPL-2.0-or-later
// The passphrase of a real encrypted disk is typed on a USB keyboard: Debian's initramfs with our
// hooks in it, a kernel that binds no USB device by itself, cryptsetup's own question.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <iterator>
#include <thread>

#include "tests/early-disk/encrypted_disk.hpp"
#include "tests/fakes/folder.hpp"

namespace earlydisk {
namespace {

using std::chrono::seconds;

const std::string passphrase = "sally7port";
// The controller's address on the command line below, and the keyboard's port on it.
const std::string early_boot_conf = "port = 0000:00:06.0-2\n";

class EarlyDisk : public testing::Test {
 protected:
  void boot(const EncryptedDisk& made) {
    const std::string qmp = (folder_.path() / "qmp").string();
    auto qemu = rig::Child::start(
        {"qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
         // No other keyboard than USB's.
         "-machine", "q35,i8042=off", "-accel", "tcg,thread=single", "-cpu", "max", "-m", "768",
         "-vga", "std", "-kernel", made.kernel.vmlinuz, "-initrd", made.initramfs, "-append",
         // As docs/install.md has it. The last console is the one that asks; cryptsetup would keep
         // the kernel's messages away from the other one while it does.
         "root=/dev/mapper/cryptroot ro console=ttyS0 console=tty0 usbcore.authorized_default=0 "
         "panic=60 ignore_loglevel mitigations=off random.trust_cpu=on",
         "-drive", "if=none,format=raw,id=disk,file=" + made.disk.string(), "-device",
         "virtio-blk-pci,drive=disk", "-device", "qemu-xhci,id=xhci,addr=0x6", "-chardev",
         "file,id=console,path=" + console_.string(), "-serial", "chardev:console", "-chardev",
         "socket,id=qmp,server=on,wait=off,path=" + qmp, "-mon", "chardev=qmp,mode=control"},
        folder_.path() / "qemu.log");
    ASSERT_TRUE(qemu) << qemu.error().text;
    qemu_ = *std::move(qemu);
    auto monitor = rig::Qmp::connect(qmp, rig::deadline_after(seconds(20)));
    ASSERT_TRUE(monitor) << monitor.error().text << rig::tail(folder_.path() / "qemu.log", 20);
    qmp_ = *std::move(monitor);
  }

  void command(std::string_view name, const boost::json::object& arguments) {
    const auto done = qmp_->execute(name, arguments, rig::deadline_after(seconds(30)));
    ASSERT_TRUE(done) << name << ": " << done.error().text;
  }
  void plug(const std::string& id, unsigned port) {
    command("device_add",
            {{"driver", "usb-kbd"}, {"id", id}, {"bus", "xhci.0"}, {"port", std::to_string(port)}});
  }
  void type(const std::string& text) {
    for (const char c : text) press(std::string(1, c));
    press("ret");
  }

  // What the person in front of it sees, into the folder SALLYPORT_PICTURES if that is set.
  void picture(const std::string& name) {
    const char* const folder = std::getenv("SALLYPORT_PICTURES");
    if (folder == nullptr) return;
    command("screendump",
            {{"filename", std::string(folder) + "/" + name + ".png"}, {"format", "png"}});
  }

  std::string console() const {
    std::ifstream file(console_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  bool console_says(const std::string& text, seconds patience) const {
    const auto deadline = rig::deadline_after(patience);
    while (console().find(text) == std::string::npos) {
      if (rig::Clock::now() >= deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    return true;
  }

  tests::Folder folder_;
  std::filesystem::path console_ = folder_.path() / "console";

 private:
  void press(const std::string& key) {
    command("send-key",
            {{"keys", boost::json::array{{{"type", "qcode"}, {"data", key}}}}, {"hold-time", 50}});
    // QEMU lets go of the key by a timer of its own, and takes the next one meanwhile.
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
  }

  std::optional<rig::Child> qemu_;
  std::optional<rig::Qmp> qmp_;
};

TEST_F(EarlyDisk, OnlyTheNamedPortsKeyboardOpensIt) {
  const auto made = make_encrypted_disk(folder_.path(), passphrase, early_boot_conf);
  ASSERT_TRUE(made) << made.error().text;
  boot(*made);
  ASSERT_TRUE(console_says("Run /init", seconds(120))) << console();

  plug("elsewhere", 3);
  ASSERT_TRUE(console_says("refused: its port is not listed", seconds(120))) << console();
  for (int tries = 0; tries < 3; ++tries) type(passphrase);
  picture("early-disk-refused");
  command("device_del", {{"id", "elsewhere"}});

  plug("right", 2);
  ASSERT_TRUE(console_says("allowed: a keyboard, 0627:0001", seconds(60))) << console();
  ASSERT_TRUE(console_says("USB HID v1.11 Keyboard", seconds(60))) << console();
  EXPECT_EQ(console().find(root_is_open), std::string::npos) << "opened by the other keyboard";
  picture("early-disk-allowed");
  // The question may only just have been asked, and a line half typed is a wrong passphrase.
  bool open = false;
  for (int tries = 0; tries < 3 && !open; ++tries) {
    type(passphrase);
    open = console_says(root_is_open, seconds(30));
  }
  ASSERT_TRUE(open) << console();

  // What early boot let in is taken back before anything of the disk runs.
  ASSERT_TRUE(console_says(root_has_told, seconds(60))) << console();
  const std::string told = console().substr(console().find(root_is_open));
  EXPECT_NE(told.find("authorized=0"), std::string::npos) << told;
  EXPECT_EQ(told.find("-2 authorized=1"), std::string::npos) << told;
  EXPECT_NE(told.find("keyboards=0"), std::string::npos) << told;
  EXPECT_EQ(told.find("still watching"), std::string::npos) << told;
}

}  // namespace
}  // namespace earlydisk
