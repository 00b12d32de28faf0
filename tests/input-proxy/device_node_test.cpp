// SPDX-License-Identifier: GPL-2.0-or-later
// What a node is for, and what its call is named.
#include "input-proxy/device_node.hpp"

#include <gtest/gtest.h>
#include <linux/input-event-codes.h>

#include "base/io/files.hpp"
#include "input-proxy/io/node_scan.hpp"
#include "tests/fakes/folder.hpp"

namespace inputproxy {
namespace {

// As the kernel has it for a receiver of a wireless keyboard.
constexpr const char* uevent =
    "PRODUCT=3/46d/c52b/111\nNAME=\"Logitech USB Receiver\"\nPHYS=\"usb-0000:00:05.0-2/input0\"\n"
    "UNIQ=\"ab:cd:01\"\nPROP=0\nEV=120013\n";

DeviceNode usb_node() {
  DeviceNode node;
  read_uevent(uevent, node);
  return node;
}

void set_keys(DeviceNode& node, int first, int last) {
  node.capabilities.types.set(EV_KEY);
  for (int code = first; code <= last; ++code)
    node.capabilities.keys.set(static_cast<std::size_t>(code));
}
DeviceNode keyboard_node() {
  DeviceNode node = usb_node();
  set_keys(node, KEY_ESC, KEY_KPDOT);
  return node;
}
DeviceNode mouse_node() {
  DeviceNode node = usb_node();
  set_keys(node, BTN_LEFT, BTN_TASK);
  node.capabilities.rels.set(REL_X).set(REL_Y);
  return node;
}

TEST(DeviceNode, NamesTheCallAsQubesDoes) {
  DeviceNode node = usb_node();
  EXPECT_EQ(node.bus, 3);
  EXPECT_EQ(service_of(node, NodeKind::keyboard),
            "qubes.InputKeyboard+usb-0000_00_05.0-2+3-46d-c52b-111+ab_cd_01");
  node.uniq.clear();
  EXPECT_EQ(service_of(node, NodeKind::mouse),
            "qubes.InputMouse+usb-0000_00_05.0-2+3-46d-c52b-111+");
  node.phys.clear();
  EXPECT_EQ(service_of(node, NodeKind::tablet), "qubes.InputTablet+3-46d-c52b-111+");
  node.product.clear();
  EXPECT_EQ(service_of(node, NodeKind::tablet), "qubes.InputTablet");
}

TEST(DeviceNode, ArgumentsHaveNoOtherCharacters) {
  DeviceNode node = usb_node();
  node.uniq = "a b/c;$(x)\n" + std::string(300, 'y');
  const std::string service = service_of(node, NodeKind::keyboard);
  EXPECT_NE(service.find("+a_b_c___x__y"), std::string::npos) << service;
  EXPECT_LE(service.size(), 127U);
}

TEST(DeviceNode, ReadsBitmapsAsSysfsWritesThem) {
  EXPECT_EQ(parse_bitmap<64>("120013").to_ullong(), 0x120013U);
  const auto keys = parse_bitmap<768>("10000 0 7");
  EXPECT_TRUE(keys[0] && keys[1] && keys[2]);
  EXPECT_TRUE(keys[128 + 16]);
  EXPECT_EQ(keys.count(), 4U);
  EXPECT_TRUE(parse_bitmap<64>("").none());
  EXPECT_TRUE(parse_bitmap<64>("xyz").none());
  EXPECT_TRUE(parse_bitmap<64>("ffffffffffffffffffffffffffffffffffffffffff 1 2 3 4 5 6").any());
}

TEST(DeviceNode, KindsByCapabilities) {
  EXPECT_EQ(kind_of(keyboard_node()), NodeKind::keyboard);
  EXPECT_EQ(kind_of(mouse_node()), NodeKind::mouse);
  DeviceNode both = keyboard_node();
  set_keys(both, BTN_LEFT, BTN_TASK);
  both.capabilities.rels.set(REL_X).set(REL_Y);
  EXPECT_EQ(kind_of(both), NodeKind::keyboard_mouse);
  DeviceNode media = usb_node();
  set_keys(media, KEY_MUTE, KEY_VOLUMEUP);
  EXPECT_EQ(kind_of(media), NodeKind::keyboard);
  DeviceNode touch = usb_node();
  set_keys(touch, BTN_TOUCH, BTN_TOUCH);
  touch.capabilities.axes.set(ABS_X).set(ABS_Y);
  EXPECT_EQ(kind_of(touch), NodeKind::tablet);
  DeviceNode qemu_tablet = usb_node();
  set_keys(qemu_tablet, BTN_LEFT, BTN_MIDDLE);
  qemu_tablet.capabilities.axes.set(ABS_X).set(ABS_Y);
  EXPECT_EQ(kind_of(qemu_tablet), NodeKind::tablet);
}

TEST(DeviceNode, LeavesOutWhatIsNotToBeForwarded) {
  DeviceNode own = keyboard_node();
  own.phys = "sallyport/work/+x";
  EXPECT_EQ(kind_of(own), std::nullopt);
  DeviceNode ps2 = keyboard_node();
  ps2.bus = 0x11;
  EXPECT_EQ(kind_of(ps2), std::nullopt);
  DeviceNode power = keyboard_node();
  power.bus = 0x19;
  EXPECT_EQ(kind_of(power), std::nullopt);
  DeviceNode sensor = usb_node();
  sensor.capabilities.axes.set(ABS_X);
  EXPECT_EQ(kind_of(sensor), std::nullopt);
  DeviceNode ignored = keyboard_node();
  ignored.udev["LIBINPUT_IGNORE_DEVICE"] = "1";
  EXPECT_EQ(kind_of(ignored), std::nullopt);
}

TEST(DeviceNode, UdevsWordCountsWhereThereIsOne) {
  DeviceNode node = usb_node();
  node.udev["ID_INPUT"] = "1";
  EXPECT_EQ(kind_of(node), std::nullopt);
  node.udev["ID_INPUT_TOUCHPAD"] = "1";
  EXPECT_EQ(kind_of(node), NodeKind::tablet);
  node.udev = {{"ID_INPUT_KEY", "1"}, {"ID_INPUT_MOUSE", "1"}};
  EXPECT_EQ(kind_of(node), NodeKind::keyboard_mouse);
  node.udev = {{"ID_INPUT_JOYSTICK", "1"}};
  EXPECT_EQ(kind_of(node), NodeKind::keyboard);
}

// As Qubes' udev rules and trigger have it.
TEST(DeviceNode, LeavesOutWhatQubesLeavesOut) {
  const std::map<std::string, std::string> key_facts{{"ID_INPUT_KEY", "1"}};
  const auto left_out = [&key_facts](const std::map<std::string, std::string>& more) {
    DeviceNode node = keyboard_node();
    node.udev = key_facts;
    for (const auto& [name, value] : more) node.udev[name] = value;
    return !kind_of(node);
  };
  EXPECT_FALSE(left_out({{"ID_PATH", "pci-0000:00:05.0-usb-0:2:1.0"}, {"ID_TYPE", "hid"}}));
  EXPECT_TRUE(left_out({{"ID_PATH", "acpi-PNP0C0C:00"}}));
  EXPECT_TRUE(left_out({{"ID_PATH", "platform-i8042-serio-0"}}));
  EXPECT_TRUE(left_out({{"ID_TYPE", "video"}}));
  const std::string model = "QEMU_USB_Tablet";
  EXPECT_TRUE(left_out({{"ID_PATH", "pci-0000:00:04.0-usb-0:1:1.0"}, {"ID_MODEL", model}}));
  EXPECT_FALSE(left_out({{"ID_PATH", "pci-0000:00:04.0-usb-0:3:1.0"}, {"ID_MODEL", model}}));
  EXPECT_FALSE(left_out({{"ID_PATH", "pci-0000:00:04.0-usb-0:1:1.0"}, {"ID_MODEL", "Other"}}));
}

TEST(DeviceNode, PortAndSerialCanBeKeptBack) {
  DeviceNode node = usb_node();
  node.tell_port = false;
  EXPECT_EQ(service_of(node, NodeKind::mouse), "qubes.InputMouse+3-46d-c52b-111+ab_cd_01");
  node.tell_serial = false;
  EXPECT_EQ(service_of(node, NodeKind::mouse), "qubes.InputMouse+3-46d-c52b-111+");
  node.tell_port = true;
  EXPECT_EQ(service_of(node, NodeKind::mouse),
            "qubes.InputMouse+usb-0000_00_05.0-2+3-46d-c52b-111+");
}

TEST(DeviceNode, AGameControllerGoesAsAKeyboard) {
  DeviceNode pad = usb_node();
  set_keys(pad, BTN_SOUTH, BTN_THUMBR);
  pad.capabilities.axes.set(ABS_X).set(ABS_Y);
  EXPECT_EQ(kind_of(pad), NodeKind::keyboard);
}

TEST(DeviceNode, TheOneWithDigitsGoesFirst) {
  EXPECT_EQ(order_of(keyboard_node(), NodeKind::keyboard), 0);
  DeviceNode media = usb_node();
  set_keys(media, KEY_MUTE, KEY_VOLUMEUP);
  EXPECT_EQ(order_of(media, NodeKind::keyboard), 1);
  EXPECT_EQ(order_of(mouse_node(), NodeKind::mouse), 2);
  EXPECT_EQ(device_key(keyboard_node()), device_key(mouse_node()));
}

TEST(DeviceNode, ScansSysfs) {
  const tests::Folder root;
  const auto device = root.path() / "class/input/event3/device";
  std::filesystem::create_directories(device / "capabilities");
  std::filesystem::create_directories(root.path() / "class/input/mouse0");
  std::filesystem::create_directories(root.path() / "class/input/eventx");
  const auto write = [&device](const char* name, const std::string& text) {
    ASSERT_TRUE(base::io::write_file_atomically(device / name, text));
  };
  write("uevent", uevent);
  write("properties", "0\n");
  write("capabilities/ev", "120013\n");
  write("capabilities/key", "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe\n");
  write("capabilities/rel", "0\n");
  write("capabilities/abs", "0\n");
  write("capabilities/led", "7\n");
  const auto nodes = io::scan_nodes(root.path(), nullptr);
  ASSERT_EQ(nodes.size(), 1U);
  const DeviceNode& node = nodes.at(3);
  EXPECT_EQ(node.name, "Logitech USB Receiver");
  EXPECT_EQ(kind_of(node), NodeKind::keyboard);
  EXPECT_EQ(order_of(node, NodeKind::keyboard), 0);
}

}  // namespace
}  // namespace inputproxy
