// SPDX-License-Identifier: GPL-2.0-or-later
// What is said before a controller is given away.
#include "sys-usb/io/qube_host.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/fakes/folder.hpp"

namespace sysusb::io {
namespace {

namespace fs = std::filesystem;

const std::string controller = "0000:00:14.0";

class QubeHost : public testing::Test {
 protected:
  void SetUp() override {
    const fs::path device = sys() / "devices/pci0000:00" / controller;
    fs::create_directories(sys() / "kernel/iommu_groups/5");
    fs::create_directories(sys() / "bus/pci/drivers/xhci_hcd");
    fs::create_directories(sys() / "bus/pci/devices");
    fs::create_directories(sys() / "class/input");
    fs::create_directories(device);
    fs::create_directory_symlink(device, sys() / "bus/pci/devices" / controller);
    fs::create_directory_symlink(sys() / "kernel/iommu_groups/5", device / "iommu_group");
    fs::create_directory_symlink(sys() / "bus/pci/drivers/xhci_hcd", device / "driver");
  }
  fs::path sys() const { return folder_.path() / "sys"; }
  void add_keyboard(const std::string& event, const std::string& folder) const {
    const fs::path input = sys() / "devices" / folder / "input/input1";
    fs::create_directories(input / "capabilities");
    fs::create_directories(input / event);
    std::ofstream(input / "name") << "A Keyboard\n";
    std::ofstream(input / "capabilities/key")
        << "402000000 3803078f800d001 feffffdfffefffff fffffffffffffffe\n";
    fs::create_directory_symlink(input, input / event / "device");
    fs::create_directory_symlink(input / event, sys() / "class/input" / event);
  }
  std::string said() const {
    base::config::QubeConfig config;
    config.controllers = {controller};
    const auto ready = prepare_controllers(config, std::nullopt, sys().string());
    return ready ? "" : ready.error().text;
  }

  tests::Folder folder_;
};

TEST_F(QubeHost, WarnsBeforeTheLastKeyboardIsBoundAway) {
  const std::string how = "run: modprobe vfio-pci";
  EXPECT_NE(said().find("not vfio-pci; " + how), std::string::npos) << said();
  add_keyboard("event3", "pci0000:00/" + controller + "/usb1/1-2/1-2:1.0/0003:046D:C31C.0001");
  EXPECT_NE(said().find("the last keyboard of this host would go with it (event3 'A Keyboard' at "
                        "0000:00:14.0, port 1-2)"),
            std::string::npos)
      << said();
  EXPECT_NE(said().find(how), std::string::npos);
  add_keyboard("event1", "platform/i8042/serio0");
  EXPECT_EQ(said().find("last keyboard"), std::string::npos) << said();
}

}  // namespace
}  // namespace sysusb::io
