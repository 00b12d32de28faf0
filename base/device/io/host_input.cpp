// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/device/io/host_input.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/device/key_bitmap.hpp"
#include "base/io/files.hpp"
#include "base/wire/ascii.hpp"
#include "base/wire/pci_address.hpp"

namespace base::device::io {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_nodes = 1024;
constexpr std::string_view event = "event";

std::uint16_t hex_of(const fs::path& file) {
  const std::string text = base::io::read_attribute(file);
  std::uint16_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

bool is_root_hub(std::string_view part) {
  return part.starts_with("usb") && part.size() > 3 &&
         std::ranges::all_of(part.substr(3), wire::is_digit);
}

// Of ".../0000:00:14.0/usb1/1-2/1-2.1/1-2.1:1.0/0003:046D:C31C.0001/input/input5" the controller
// stands before "usb1", and the port is the last part behind it that has neither ':' nor a letter.
void place(const fs::path& folder, HostInputDevice& device) {
  std::string before;
  bool on_usb = false;
  for (const fs::path& part : folder) {
    const std::string& text = part.native();
    if (!on_usb && is_root_hub(text)) {
      on_usb = true;
      if (wire::is_pci_address(before)) device.controller = before;
    } else if (on_usb) {
      const bool port = text.find('-') != std::string::npos &&
                        text.find_first_not_of("0123456789-.") == std::string::npos;
      if (!port) break;
      device.port = text;
    }
    before = text;
  }
}

struct Node {
  unsigned number = 0;
  fs::path folder;
};

std::vector<Node> nodes_of(const fs::path& sys) {
  std::vector<Node> nodes;
  std::error_code error;
  for (fs::directory_iterator each(sys / "class/input", error), end;
       !error && each != end && nodes.size() < max_nodes; each.increment(error)) {
    const std::string name = each->path().filename();
    Node node;
    const char* end_of_name = name.data() + name.size();
    if (!name.starts_with(event)) continue;
    const auto parsed = std::from_chars(name.data() + event.size(), end_of_name, node.number);
    if (parsed.ec != std::errc{} || parsed.ptr != end_of_name) continue;
    std::error_code gone;
    node.folder = fs::canonical(each->path() / "device", gone);
    if (!gone) nodes.push_back(std::move(node));
  }
  std::ranges::sort(nodes, {}, &Node::number);
  return nodes;
}

// What a program made (uinput, also by our own proxy) or what comes over a network is no keyboard
// of this host.
bool is_hardware(const fs::path& folder) {
  const std::string& text = folder.native();
  return text.find("/devices/virtual/") == std::string::npos &&
         text.find("/vhci_hcd") == std::string::npos;
}

}  // namespace

HostInput read_host_input(const fs::path& sys) {
  HostInput found;
  for (const Node& node : nodes_of(sys)) {
    if (!is_hardware(node.folder)) continue;
    const KeyBitmap keys(base::io::read_attribute(node.folder / "capabilities/key"));
    if (!keys.is_keyboard() && !keys.is_pointer()) continue;
    HostInputDevice input{.event = std::string(event) + std::to_string(node.number),
                          .name = base::io::read_attribute(node.folder / "name"),
                          .vendor = hex_of(node.folder / "id/vendor"),
                          .product = hex_of(node.folder / "id/product")};
    place(node.folder, input);
    (keys.is_keyboard() ? found.keyboards : found.pointers).push_back(std::move(input));
  }
  return found;
}

}  // namespace base::device::io
