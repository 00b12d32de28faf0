// SPDX-License-Identifier: GPL-2.0-or-later
#include "input-proxy/device_node.hpp"

#include <linux/input-event-codes.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "input-proxy/accepted.hpp"

namespace inputproxy {
namespace {

constexpr std::size_t max_argument = 100;  // a call's service is 127 at most
constexpr std::uint16_t bus_virtual = 0x06;
constexpr std::uint16_t bus_i8042 = 0x11;
constexpr std::uint16_t bus_host = 0x19;

// The value of a quoted variable: NAME="value".
std::string_view unquoted(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    return value.substr(1, value.size() - 2);
  }
  return value;
}

std::string_view property_of(const DeviceNode& node, const char* name) {
  const auto found = node.udev.find(name);
  return found == node.udev.end() ? std::string_view() : std::string_view(found->second);
}

bool says(const DeviceNode& node, const char* property) {
  return property_of(node, property) == "1";
}

// The words that a service's argument may have.
std::string argument_part(std::string_view text, char from, char to) {
  std::string part(text);
  std::ranges::replace(part, from, to);
  std::ranges::replace_if(
      part,
      [](char c) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                           (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
        return !plain;
      },
      '_');
  return part;
}

std::string argument_of(const DeviceNode& node) {
  if (node.product.empty()) return {};
  const std::string_view phys = std::string_view(node.phys).substr(0, node.phys.rfind('/'));
  std::string argument = "+";
  if (!phys.empty() && node.tell_port) argument += argument_part(phys, ':', '_') + "+";
  argument += argument_part(node.product, '/', '-');
  // An empty UNIQ leaves its plus, as Qubes' arguments have it.
  argument += "+";
  if (node.tell_serial) argument += argument_part(node.uniq, ':', '_');
  return argument.substr(0, max_argument);
}

// Without udev: what its input_id would say, from the same bitmaps.
struct Claims {
  bool key = false;
  bool mouse = false;
  bool tablet = false;
  bool joystick = false;
};

bool has_any(const Capabilities& device, int first, int last) {
  for (int code = first; code <= last; ++code) {
    if (device.keys[static_cast<std::size_t>(code)]) return true;
  }
  return false;
}

Claims claims_of(const Capabilities& device) {
  Claims claims;
  const bool absolute = device.axes[ABS_X] && device.axes[ABS_Y];
  const bool fingers = device.axes[ABS_MT_POSITION_X] && device.axes[ABS_MT_POSITION_Y];
  const bool pen = device.keys[BTN_TOOL_PEN] || device.keys[BTN_STYLUS];
  const bool touch = device.keys[BTN_TOUCH] || device.props[INPUT_PROP_DIRECT];
  claims.joystick = (has_any(device, BTN_JOYSTICK, BTN_DIGI - 1) ||
                     has_any(device, BTN_TRIGGER_HAPPY, BTN_TRIGGER_HAPPY40)) &&
                    !pen && !touch;
  claims.tablet = (absolute || fingers) && (pen || touch || device.keys[BTN_TOOL_FINGER]);
  const bool moves = device.rels[REL_X] && device.rels[REL_Y];
  claims.mouse = device.keys[BTN_LEFT] && (moves || absolute) && !claims.tablet;
  // Any key of a keyboard counts: media keys are typed too.
  claims.key = has_any(device, KEY_ESC, BTN_MISC - 1) || has_any(device, KEY_OK, KEY_MAX);
  return claims;
}

Claims claims_of(const DeviceNode& node) {
  if (node.udev.empty()) return claims_of(node.capabilities);
  Claims claims;
  claims.key = says(node, "ID_INPUT_KEY") || says(node, "ID_INPUT_KEYBOARD");
  claims.mouse = says(node, "ID_INPUT_MOUSE");
  claims.tablet = says(node, "ID_INPUT_TABLET") || says(node, "ID_INPUT_TOUCHSCREEN") ||
                  says(node, "ID_INPUT_TOUCHPAD");
  claims.joystick = says(node, "ID_INPUT_JOYSTICK");
  return claims;
}

// What Qubes leaves out by udev's words: keys and buttons of the machine itself, cameras, and the
// pointer that QEMU gives every machine with a screen.
bool left_out_by_udev(const DeviceNode& node) {
  const std::string_view path = property_of(node, "ID_PATH");
  if (path.starts_with("acpi-") || path.starts_with("platform-")) return true;
  if (property_of(node, "ID_TYPE") == "video") return true;
  constexpr std::array places{std::string_view("pci-0000:00:03.0-usb-0:1:1.0"),
                              std::string_view("pci-0000:00:04.0-usb-0:1:1.0"),
                              std::string_view("pci-0000:00:05.0-usb-0:1:1.0")};
  return property_of(node, "ID_MODEL") == "QEMU_USB_Tablet" &&
         std::ranges::find(places, path) != places.end();
}

bool is_own(const DeviceNode& node) {
  if (node.phys.starts_with("sallyport/") || node.name == "Qubes Virtual Input Device") return true;
  if (says(node, "LIBINPUT_IGNORE_DEVICE") || left_out_by_udev(node)) return true;
  return node.bus == bus_i8042 || node.bus == bus_host ||
         (node.bus == bus_virtual && node.phys.empty());
}

}  // namespace

void read_uevent(std::string_view text, DeviceNode& node) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view key = line.substr(0, equals);
    const std::string_view value = unquoted(line.substr(equals + 1));
    if (key == "PHYS") node.phys = value;
    if (key == "UNIQ") node.uniq = value;
    if (key == "NAME") node.name = value;
    if (key != "PRODUCT") continue;
    node.product = value;
    const std::string_view bus = value.substr(0, value.find('/'));
    std::from_chars(bus.data(), bus.data() + bus.size(), node.bus, 16);
  }
}

std::optional<NodeKind> kind_of(const DeviceNode& node) {
  if (is_own(node)) return std::nullopt;
  const Claims claims = claims_of(node);
  // Its buttons are keys, which a rule lets pass with games=yes; without it the receiver says no.
  if (claims.joystick) return NodeKind::keyboard;
  if (claims.tablet && !claims.key) return NodeKind::tablet;
  if (claims.mouse && node.capabilities.axes[ABS_X] && !claims.key) return NodeKind::tablet;
  if (claims.mouse && !claims.key) return NodeKind::mouse;
  if (claims.key && !claims.mouse) return NodeKind::keyboard;
  if (claims.key) return NodeKind::keyboard_mouse;
  return std::nullopt;
}

std::string service_of(const DeviceNode& node, NodeKind kind) {
  const std::string argument = argument_of(node);
  switch (kind) {
    case NodeKind::keyboard:
    case NodeKind::keyboard_mouse:
      return "qubes.InputKeyboard" + argument;
    case NodeKind::mouse:
      return "qubes.InputMouse" + argument;
    case NodeKind::tablet:
      return "qubes.InputTablet" + argument;
  }
  return {};
}

std::string fallback_of(const DeviceNode& node) { return "qubes.InputMouse" + argument_of(node); }

std::string device_key(const DeviceNode& node) { return argument_of(node); }

int order_of(const DeviceNode& node, NodeKind kind) {
  const bool keys = kind == NodeKind::keyboard || kind == NodeKind::keyboard_mouse;
  if (keys) return can_type_digits(node.capabilities) ? 0 : 1;
  return 2;
}

}  // namespace inputproxy
