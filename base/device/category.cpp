// SPDX-License-Identifier: GPL-2.0-or-later
// The category table and the description; see the header.
#include "base/device/category.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace base::device {
namespace {

struct Pattern {
  std::string_view code;  // '*' matches any digit
  std::string_view category;
};

// The pattern with the most literal characters wins; among equals the first.
constexpr std::array patterns{
    Pattern{"u02****", "Network"},         Pattern{"p0703**", "Network"},
    Pattern{"p02****", "Network"},         Pattern{"ue0****", "Network"},
    Pattern{"u03**01", "Keyboard"},        Pattern{"p0900**", "Keyboard"},
    Pattern{"u03**02", "Mouse"},           Pattern{"p0902**", "Mouse"},
    Pattern{"u03****", "Input"},           Pattern{"p09****", "Input"},
    Pattern{"u07****", "Printer"},         Pattern{"p0903**", "Camera"},
    Pattern{"u06****", "Camera"},          Pattern{"u0e****", "Camera"},
    Pattern{"m******", "Microphone"},      Pattern{"p0403**", "Audio"},
    Pattern{"p0401**", "Audio"},           Pattern{"p0408**", "Audio"},
    Pattern{"u01****", "Audio"},           Pattern{"u10****", "Multimedia"},
    Pattern{"p03****", "Multimedia"},      Pattern{"p04****", "Multimedia"},
    Pattern{"u08****", "USB_Storage"},     Pattern{"b******", "Block_Storage"},
    Pattern{"p01****", "Storage"},         Pattern{"ue00101", "Bluetooth"},
    Pattern{"p0d11**", "Bluetooth"},       Pattern{"u0b****", "Smart_Card_Readers"},
    Pattern{"p0300**", "Display"},         Pattern{"p0380**", "Display"},
    Pattern{"p05****", "Memory"},          Pattern{"p06****", "PCI_Bridge"},
    Pattern{"p0a****", "Docking_Station"}, Pattern{"p0b****", "Processor"},
    Pattern{"p40****", "Processor"},       Pattern{"p0c****", "PCI_Serial_Bus"},
    Pattern{"p0c03**", "PCI_USB"},
};

constexpr std::string_view other = "Other";

struct ClassName {
  std::string_view code;
  std::string_view name;
};

constexpr std::array usb_classes{
    ClassName{"01", "Audio"},
    ClassName{"02", "Communications"},
    ClassName{"03", "Human Interface Device"},
    ClassName{"05", "Physical Interface Device"},
    ClassName{"06", "Imaging"},
    ClassName{"07", "Printer"},
    ClassName{"08", "Mass Storage"},
    ClassName{"09", "Hub"},
    ClassName{"0a", "CDC Data"},
    ClassName{"0b", "Chip/SmartCard"},
    ClassName{"0d", "Content Security"},
    ClassName{"0e", "Video"},
    ClassName{"0f", "Personal Healthcare"},
    ClassName{"10", "Audio/Video"},
    ClassName{"11", "Billboard"},
    ClassName{"12", "Type-C Bridge"},
    ClassName{"13", "Bulk Display"},
    ClassName{"14", "MCTCP over USB"},
    ClassName{"3c", "I3C"},
    ClassName{"58", "Xbox"},
    ClassName{"dc", "Diagnostic"},
    ClassName{"e0", "Wireless"},
    ClassName{"ef", "Miscellaneous Device"},
    ClassName{"fe", "Application Specific Interface"},
    ClassName{"ff", "Vendor Specific Class"},
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// How many characters match literally, or nothing.
std::optional<int> score(std::string_view pattern, std::string_view code) {
  if (code.size() != interface_code_size) return std::nullopt;
  int literal = 0;
  for (std::size_t i = 0; i < interface_code_size; ++i) {
    if (pattern[i] == '*') continue;
    if (pattern[i] != lower(code[i])) return std::nullopt;
    ++literal;
  }
  return literal;
}

bool known(const std::string& text) { return !text.empty() && text != "unknown"; }

std::string kind_of(const DeviceNames& names) {
  for (const std::string& code : names.interfaces) {
    const std::string_view category = category_of(code);
    if (category != other) return std::string(category);
  }
  if (!names.interfaces.empty()) {
    const std::string_view name = usb_class_name(names.interfaces.front());
    if (!name.empty()) return std::string(name);
  }
  return names.device_class == "block" ? "Block device" : "USB device";
}

}  // namespace

std::string_view category_of(std::string_view interface_code) {
  std::string_view best = other;
  int best_score = 0;
  for (const Pattern& each : patterns) {
    const auto matched = score(each.code, interface_code);
    if (!matched || *matched <= best_score) continue;
    best = each.category;
    best_score = *matched;
  }
  return best;
}

std::string_view category_named(std::string_view name) {
  const auto same = [name](std::string_view category) {
    return std::ranges::equal(name, category, {}, lower, lower);
  };
  if (same(other)) return other;
  const auto found = std::ranges::find_if(patterns, same, &Pattern::category);
  return found == patterns.end() ? std::string_view{} : found->category;
}

bool in_category(std::string_view interface_code, std::string_view name) {
  if (name == other) return category_of(interface_code) == other;
  return std::ranges::any_of(patterns, [&](const Pattern& each) {
    return each.category == name && score(each.code, interface_code).has_value();
  });
}

std::string_view usb_class_name(std::string_view interface_code) {
  if (interface_code.size() != interface_code_size || lower(interface_code[0]) != 'u') return {};
  const std::array<char, 2> code{lower(interface_code[1]), lower(interface_code[2])};
  const auto found =
      std::ranges::find(usb_classes, std::string_view(code.data(), code.size()), &ClassName::code);
  return found == usb_classes.end() ? std::string_view{} : found->name;
}

std::string describe(const DeviceNames& names) {
  std::string product;
  if (known(names.product)) {
    product = names.product;
  } else if (known(names.name)) {
    product = names.name;
  } else if (known(names.serial)) {
    product = names.serial;
  } else if (!names.parent.empty()) {
    product = "sub-device of " + names.parent;
  } else {
    product = "unknown " + names.device_class + " device";
  }

  std::string vendor = "unknown vendor";
  if (known(names.vendor)) {
    vendor = names.vendor;
  } else if (known(names.manufacturer)) {
    vendor = names.manufacturer;
  }
  return kind_of(names) + ": " + vendor + " " + product;
}

}  // namespace base::device
