// SPDX-License-Identifier: GPL-2.0-or-later
// Honest devices go through the USB firewall unharmed: what the target's kernel learns of each is
// what a kernel learns that has it directly, and the same drivers take it.
#include <optional>

#include "tests/one-vm/one_vm.hpp"
#include "tests/one-vm/usb_pair.hpp"

namespace onevm {
namespace {

using std::chrono::minutes;

class HonestDevice : public OneVm {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(OneVm::SetUp());
    pair_.emplace(vm());
    pair_->load_drivers();
  }

  // What differs between devices and must not between ways: a line for each file and driver.
  static std::string describe(const std::string& folder) {
    const auto text =
        vm().run("cd " + folder +
                 " && for f in descriptors bos_descriptors manufacturer product serial speed "
                 "bConfigurationValue; do [ ! -e $f ] || echo $f $(od -An -tx1 -v $f); done; "
                 "for i in *:*; do echo $i $(cat $i/interface 2>/dev/null | od -An -tx1 -v) "
                 "$(od -An -tx1 -v $i/*/report_descriptor 2>/dev/null); done | "
                 "sed 's/^[0-9.-]*:/interface /'");
    EXPECT_TRUE(text.ok()) << text;
    return text.out;
  }
  static std::string drivers(const std::string& folder) {
    return vm()
        .run("cd " + folder +
             " && for i in *:*; do echo ${i#*:} $(readlink $i/driver | sed 's|.*/||'); done")
        .out;
  }
  void expect_the_same(const Kind& kind) {
    pair_->plug(kind);
    const std::string direct = pair_->wait_for_direct();
    ASSERT_FALSE(direct.empty());
    const std::string description = describe(direct);
    const std::string bound = drivers(direct);
    const std::string folder = pair_->attach(direct);
    ASSERT_FALSE(folder.empty()) << pair_->log();
    EXPECT_EQ(describe(folder), description) << pair_->log();
    EXPECT_EQ(drivers(folder), bound);
    // A reset of the port in the target: the device is read again and is the same.
    const auto reset = vm().run(
        "python3 -c 'import fcntl, sys; fcntl.ioctl(open(sys.argv[1], \"wb\"), 0x5514, 0)' "
        "/dev/bus/usb/$(printf %03d/%03d $(cat " +
            folder + "/busnum " + folder + "/devnum))",
        minutes(1));
    EXPECT_TRUE(reset.ok()) << reset << pair_->log();
    EXPECT_EQ(describe(folder), description) << pair_->log();
    pair_->detach();
    pair_->unplug();
  }

 private:
  std::optional<UsbPair> pair_;
};

TEST_F(HonestDevice, Keyboard) { expect_the_same({.driver = "usb-kbd"}); }
TEST_F(HonestDevice, Mouse) { expect_the_same({.driver = "usb-mouse"}); }
TEST_F(HonestDevice, Tablet) { expect_the_same({.driver = "usb-tablet"}); }
TEST_F(HonestDevice, PenTablet) { expect_the_same({.driver = "usb-wacom-tablet"}); }
TEST_F(HonestDevice, CardReader) { expect_the_same({.driver = "usb-ccid"}); }
TEST_F(HonestDevice, Headset) { expect_the_same({.driver = "usb-audio"}); }
TEST_F(HonestDevice, MediaPlayer) {
  expect_the_same({.driver = "usb-mtp", .properties = {{"rootdir", "/usr/share/doc"}}});
}

TEST_F(HonestDevice, SerialAdapter) {
  const auto made =
      vm().qmp("chardev-add",
               {{"id", "line"}, {"backend", {{"type", "null"}, {"data", boost::json::object{}}}}});
  ASSERT_TRUE(made) << made.error().text;
  expect_the_same(
      {.driver = "usb-serial", .properties = {{"chardev", "line"}, {"always-plugged", true}}});
  EXPECT_TRUE(vm().qmp("chardev-remove", {{"id", "line"}}));
}

TEST_F(HonestDevice, Network) {
  const auto made = vm().qmp("netdev_add", {{"type", "user"}, {"id", "lan"}, {"restrict", true}});
  ASSERT_TRUE(made) << made.error().text;
  expect_the_same({.driver = "usb-net", .properties = {{"netdev", "lan"}}});
  EXPECT_TRUE(vm().qmp("netdev_del", {{"id", "lan"}}));
}

}  // namespace
}  // namespace onevm
