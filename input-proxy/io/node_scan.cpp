// SPDX-License-Identifier: GPL-2.0-or-later
#include "input-proxy/io/node_scan.hpp"

#include <array>
#include <charconv>

#include "base/io/device_events.hpp"
#include "base/io/files.hpp"

namespace inputproxy::io {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_nodes = 256;

void read_capabilities(const fs::path& device, Capabilities& all) {
  all.props = parse_bitmap<64>(base::io::read_attribute(device / "properties"));
  all.types = parse_bitmap<64>(base::io::read_attribute(device / "capabilities/ev"));
  all.keys = parse_bitmap<768>(base::io::read_attribute(device / "capabilities/key"));
  all.rels = parse_bitmap<64>(base::io::read_attribute(device / "capabilities/rel"));
  all.axes = parse_bitmap<64>(base::io::read_attribute(device / "capabilities/abs"));
  all.leds = parse_bitmap<64>(base::io::read_attribute(device / "capabilities/led"));
}

// False: udevd is yet to look at it.
bool read_udev(udev* context, const std::string& event, DeviceNode& node) {
  constexpr std::array names{"ID_INPUT",          "ID_INPUT_KEY",      "ID_INPUT_KEYBOARD",
                             "ID_INPUT_MOUSE",    "ID_INPUT_TABLET",   "ID_INPUT_TOUCHSCREEN",
                             "ID_INPUT_TOUCHPAD", "ID_INPUT_JOYSTICK", "LIBINPUT_IGNORE_DEVICE",
                             "ID_PATH",           "ID_TYPE",           "ID_MODEL"};
  const auto device = base::io::looked_at_by_udevd(context, "input", event);
  if (!device) return false;
  for (const char* name : names) {
    const char* value = ::udev_device_get_property_value(device.get(), name);
    if (value != nullptr) node.udev[name] = value;
  }
  return true;
}

}  // namespace

std::map<std::uint32_t, DeviceNode> scan_nodes(const fs::path& sysfs, udev* context) {
  constexpr std::string_view prefix = "event";
  std::map<std::uint32_t, DeviceNode> nodes;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(sysfs / "class/input", error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix) || nodes.size() >= max_nodes) continue;
    DeviceNode node;
    const char* end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + prefix.size(), end, node.event);
    if (parsed.ec != std::errc{} || parsed.ptr != end) continue;
    read_uevent(base::io::read_attribute(entry.path() / "device/uevent"), node);
    read_capabilities(entry.path() / "device", node.capabilities);
    if (context != nullptr && base::io::udevd_runs() && !read_udev(context, name, node)) continue;
    nodes[node.event] = std::move(node);
  }
  return nodes;
}

}  // namespace inputproxy::io
