// SPDX-License-Identifier: GPL-2.0-or-later
// An event node as sysfs and udev describe it: which service it is for, and what it is called
// there.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "input-proxy/capabilities.hpp"

namespace inputproxy {

// Everything but `event` is what the device, or its driver, says.
struct DeviceNode {
  std::uint32_t event = 0;  // N of /dev/input/eventN
  std::uint16_t bus = 0;
  std::string phys;     // "usb-0000:00:05.0-2/input0"
  std::string product;  // "3/46d/c52b/111", as uevent has it
  std::string uniq;
  std::string name;
  Capabilities capabilities;                // sets only: keys, rels, axes, props, types
  std::map<std::string, std::string> udev;  // ID_INPUT_... and the like; empty without udevd
  // Whether the call's argument says these (Qubes' input-proxy-exclude-port and -serial).
  bool tell_port = true;
  bool tell_serial = true;
};

// Set the parts of a node that sysfs's `uevent` and `capabilities/*` hold. What cannot be read is
// as if it were not there.
void read_uevent(std::string_view text, DeviceNode& node);
// "120013" or "10000 0 7": words of a long, the highest first.
template <std::size_t bits>
std::bitset<bits> parse_bitmap(std::string_view text) {
  std::bitset<bits> set;
  std::vector<std::uint64_t> words;
  while (!text.empty() && words.size() <= bits / 64) {
    std::uint64_t word = 0;
    std::size_t size = 0;
    for (; size < text.size() && text[size] != ' ' && text[size] != '\n'; ++size) {
      const char c = text[size];
      const bool digit = c >= '0' && c <= '9';
      if (!digit && (c < 'a' || c > 'f')) return {};
      word = word << 4U | static_cast<std::uint64_t>(digit ? c - '0' : c - 'a' + 10);
    }
    if (size > 0) words.push_back(word);
    text.remove_prefix(size < text.size() ? size + 1 : size);
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::uint64_t word = words[words.size() - 1 - i];
    for (std::size_t bit = 0; bit < 64 && i * 64 + bit < bits; ++bit) {
      set[i * 64 + bit] = ((word >> bit) & 1U) != 0;
    }
  }
  return set;
}

enum class NodeKind { keyboard, keyboard_mouse, mouse, tablet };

// What udev says it is, or without udev what its capabilities say, by the rules of Qubes' trigger;
// nothing: not to be forwarded (a power button, a sensor, a camera, the machine's own keyboard, our
// own uinput devices). A game controller goes as a keyboard.
std::optional<NodeKind> kind_of(const DeviceNode& node);

// "qubes.InputKeyboard+usb-0000_00_05.0-2+3-46d-c52b-111+": what the node's call is named.
// `fallback`: the mouse half of a keyboard that was refused.
std::string service_of(const DeviceNode& node, NodeKind kind);
std::string fallback_of(const DeviceNode& node);
// The same for all nodes of one physical device.
std::string device_key(const DeviceNode& node);
// Which node of a device is to come first: 0 the one that digits can be typed on.
int order_of(const DeviceNode& node, NodeKind kind);

}  // namespace inputproxy
