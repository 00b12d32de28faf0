// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport controllers` on made-up hosts, and what it makes of them.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>

#include "cli/io/controllers_host.hpp"
#include "tests/fakes/folder.hpp"

namespace cli::io {
namespace {

namespace fs = std::filesystem;

constexpr const char* usb_keyboard_keys =
    "402000000 3803078f800d001 feffffdfffefffff fffffffffffffffe";

class Controllers : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(root() / "sys/bus/pci/devices");
    fs::create_directories(root() / "sys/bus/usb/devices");
    fs::create_directories(root() / "sys/class/input");
  }
  const fs::path& root() const { return folder_.path(); }
  fs::path pci(const std::string& address) const {
    return root() / "sys/devices/pci0000:00" / address;
  }
  void write(const fs::path& file, const std::string& text) const {
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  // As the kernel lays it out: the device, its place on the bus, its driver and its group.
  void add_function(const std::string& address, const std::string& kind, const std::string& driver,
                    const std::string& group, const std::string& resets) const {
    write(pci(address) / "class", kind + "\n");
    if (!resets.empty()) write(pci(address) / "reset_method", resets + "\n");
    fs::create_directory_symlink(pci(address), root() / "sys/bus/pci/devices" / address);
    if (!driver.empty()) {
      const fs::path drivers = root() / "sys/bus/pci/drivers" / driver;
      fs::create_directories(drivers);
      fs::create_directory_symlink(drivers, pci(address) / "driver");
    }
    if (group.empty()) return;
    const fs::path groups = root() / "sys/kernel/iommu_groups" / group;
    fs::create_directories(groups / "devices");
    fs::create_directory_symlink(pci(address), groups / "devices" / address);
    fs::create_directory_symlink(groups, pci(address) / "iommu_group");
  }
  void add_usb(const std::string& address, const std::string& port, const std::string& id,
               const std::string& name) const {
    const fs::path device = pci(address) / "usb1" / port;
    write(device / "idVendor", id.substr(0, 4) + "\n");
    write(device / "idProduct", id.substr(5) + "\n");
    write(device / "product", name + "\n");
    fs::create_directory_symlink(device, root() / "sys/bus/usb/devices" / port);
  }
  void add_keyboard(int number, const fs::path& parent) const {
    const std::string event = "event" + std::to_string(number);
    const fs::path input = parent / ("input/input" + std::to_string(number));
    write(input / "name", "A Keyboard\n");
    write(input / "capabilities/key", usb_keyboard_keys + std::string("\n"));
    fs::create_directories(input / event);
    fs::create_directory_symlink(input, input / event / "device");
    fs::create_directory_symlink(input / event, root() / "sys/class/input" / event);
  }
  void give(const std::string& qube, const std::string& address) const {
    write(root() / ("etc/sallyport/qubes.d/" + qube + ".conf"), "controllers = " + address + "\n");
  }
  Outcome run(Words words = {}) const {
    words.insert(words.end(), {"--sys", (root() / "sys").string()});
    return run_controllers(words, base::io::Paths(root()), 80);
  }

  tests::Folder folder_;
};

const std::string first = "0000:00:14.0";
const std::string second = "0000:00:1a.0";

TEST_F(Controllers, AreShownWithWhatHangsOnEach) {
  add_function(first, "0x0c0330", "xhci_hcd", "5", "flr bus");
  add_function(second, "0x0c0320", "vfio-pci", "6", "pm");
  add_function("0000:00:1f.3", "0x040300", "snd_hda_intel", "9", "flr");  // no USB controller
  add_usb(first, "1-2", "0951:1666", "A stick\x1b[2J");
  add_usb(first, "1-2.1", "046d:c31c", "A keyboard");
  give("sys-usb", second);
  const Outcome shown = run();
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_EQ(shown.out,
            "0000:00:14.0  driver xhci_hcd  IOMMU group 5  reset flr bus  given to no qube\n"
            "  1-2       0951:1666  A stick\\x1b[2J\n"
            "  1-2.1     046d:c31c  A keyboard\n"
            "0000:00:1a.0  driver vfio-pci  IOMMU group 6  reset pm  given to sys-usb\n");
}

TEST_F(Controllers, SayWhatSpeaksAgainstGivingThemAway) {
  add_function(first, "0x0c0330", "", "5", "");
  add_function("0000:00:14.2", "0x050000", "", "5", "");
  add_function("0000:00:1c.0", "0x060400", "pcieport", "5", "");  // a bridge stays
  add_function(second, "0x0c0320", "ehci-pci", "", "pm");
  const auto controllers = read_controllers(root() / "sys");
  ASSERT_EQ(controllers.size(), 2U);
  EXPECT_EQ(controllers[0].others, std::vector<std::string>{"0000:00:14.2"});
  const std::string out = run().out;
  EXPECT_NE(out.find("driver none"), std::string::npos) << out;
  EXPECT_NE(out.find("must go with it: 0000:00:14.2\n"), std::string::npos) << out;
  EXPECT_NE(out.find("cannot reset it"), std::string::npos) << out;
  EXPECT_NE(out.find("it has no IOMMU group"), std::string::npos) << out;
}

TEST_F(Controllers, WarnBeforeTheLastKeyboardGoes) {
  add_function(first, "0x0c0330", "xhci_hcd", "5", "flr");
  add_function(second, "0x0c0320", "ehci-pci", "6", "flr");
  add_keyboard(3, pci(first) / "usb1/1-2/1-2:1.0/0003:046D:C31C.0001");
  const std::string warning = "problem: the last keyboard of this host goes with it: event3";
  EXPECT_NE(run().out.find(warning), std::string::npos) << run().out;
  EXPECT_EQ(run().code, 0) << "no qube has it yet";
  give("sys-usb", first);
  EXPECT_EQ(run().code, 1);
  // Another one stays, until its controller goes too.
  add_keyboard(4, pci(second) / "usb1/1-1/1-1:1.0/0003:046D:C31C.0002");
  EXPECT_EQ(run().code, 0) << run().out;
  EXPECT_NE(run().out.find("0000:00:1a.0  driver ehci-pci  IOMMU group 6  reset flr  given to no "
                           "qube\n  " +
                           warning),
            std::string::npos)
      << run().out;
  add_keyboard(1, root() / "sys/devices/platform/i8042/serio0");
  EXPECT_EQ(run().out.find("problem"), std::string::npos) << run().out;
}

TEST_F(Controllers, AreOneLineOfJsonForPrograms) {
  add_function(first, "0x0c0330", "xhci_hcd", "5", "flr");
  add_usb(first, "1-2", "0951:1666", "A \"stick\"");
  const auto all = boost::json::parse(run({"--json"}).out).at("controllers").as_array();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].at("address").as_string(), first);
  EXPECT_EQ(all[0].at("iommu_group").as_string(), "5");
  EXPECT_EQ(all[0].at("resets").as_array().size(), 1U);
  EXPECT_EQ(all[0].at("devices").at(0).at("port").as_string(), "1-2");
  EXPECT_EQ(all[0].at("last_keyboard").as_string(), "");
}

TEST_F(Controllers, ABrokenRegistryIsNoAllClear) {
  add_function(first, "0x0c0330", "xhci_hcd", "5", "flr");
  write(root() / "etc/sallyport/qubes.d/sys-usb.conf", "controllers = what\n");
  const Outcome shown = run();
  EXPECT_EQ(shown.code, 1);
  EXPECT_NE(shown.err.find("sys-usb.conf"), std::string::npos) << shown.err;
}

}  // namespace
}  // namespace cli::io
