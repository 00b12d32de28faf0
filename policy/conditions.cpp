// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/conditions.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/device/category.hpp"
#include "base/wire/ascii.hpp"
#include "policy/quote.hpp"
#include "policy/usbguard_match.hpp"
#include "policy/usbguard_parser.hpp"

namespace policy {
namespace {

using base::device::interface_code_size;

constexpr std::array keys{std::string_view("device"), std::string_view("class"),
                          std::string_view("ports"),  std::string_view("usbguard"),
                          std::string_view("usb"),    std::string_view("scan")};

// Calls `take` for each item; false when an item is empty, too many, or not taken.
template <class Take>
bool each_item(std::string_view list, Take take) {
  for (std::size_t count = 0; count < Conditions::max_items; ++count) {
    const std::string_view item = list.substr(0, list.find(','));
    if (item.empty() || !take(item)) return false;
    if (item.size() == list.size()) return true;
    list.remove_prefix(item.size() + 1);
  }
  return false;
}

bool is_interface_pattern(std::string_view text) {
  constexpr std::string_view letters = "bump*";
  const auto digit = [](char c) {
    return base::wire::is_digit(c) || (c >= 'a' && c <= 'f') || c == '*';
  };
  return text.size() == interface_code_size &&
         letters.find(text.front()) != std::string_view::npos &&
         std::all_of(text.begin() + 1, text.end(), digit);
}

// To deny, the wider categories of an interface count as well: `deny class=Input` is meant for
// keyboards too.
bool covers(std::string_view pattern, std::string_view code, Action action) {
  if (!is_interface_pattern(pattern)) {
    return action == Action::deny ? base::device::in_category(code, pattern)
                                  : base::device::category_of(code) == pattern;
  }
  if (code.size() != interface_code_size) return false;
  for (std::size_t i = 0; i < interface_code_size; ++i) {
    if (pattern[i] != '*' && pattern[i] != code[i]) return false;
  }
  return true;
}

bool covers(const PortPattern& pattern, const DeviceFacts& device) {
  if (!pattern.backend.empty() && pattern.backend != device.backend) return false;
  return pattern.prefix ? device.port_id.starts_with(pattern.port_id)
                        : device.port_id == pattern.port_id;
}

// "7d", "12h"; nullopt: none.
std::optional<std::uint64_t> seconds_of(std::string_view text) {
  constexpr std::array units{std::pair{'s', 1U}, std::pair{'m', 60U}, std::pair{'h', 3600U},
                             std::pair{'d', 86'400U}, std::pair{'w', 604'800U}};
  if (text.size() < 2) return std::nullopt;
  std::uint32_t number = 0;
  const char* end = text.data() + text.size() - 1;
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc{} || parsed.ptr != end || number == 0) return std::nullopt;
  for (const auto& [unit, seconds] : units) {
    if (unit == text.back()) return std::uint64_t{number} * seconds;
  }
  return std::nullopt;
}

}  // namespace

bool Conditions::knows(std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

base::Status Conditions::set(std::string_view key, std::string_view value) {
  base::Status done = base::Ok{};
  if (key == "device") done = set_history(value);
  if (key == "class") done = set_classes(value);
  if (key == "ports") done = set_ports(value);
  if (key == "usbguard") {
    if (value.empty()) return wrong_value(key, value, "the name of a file");
    usbguard_file_ = value;
  }
  if (key == "usb") done = set_usb(value);
  if (key == "scan") done = set_scan(value);
  if (done) written_ += " " + std::string(key) + "=" + std::string(value);
  return done;
}

base::Status Conditions::set_history(std::string_view value) {
  const bool good = each_item(value, [this](std::string_view item) {
    if (item == "known") history_.push_back(DeviceFacts::History::known);
    if (item == "new") history_.push_back(DeviceFacts::History::fresh);
    if (item == "changed") history_.push_back(DeviceFacts::History::changed);
    return item == "known" || item == "new" || item == "changed";
  });
  if (!good)
    return wrong_value("device", value, "known, new, changed, or some of these with commas");
  return base::Ok{};
}

base::Status Conditions::set_classes(std::string_view value) {
  const bool good = each_item(value, [this](std::string_view item) {
    const std::string_view category = base::device::category_named(item);
    classes_.emplace_back(category.empty() ? item : category);
    return !category.empty() || is_interface_pattern(item);
  });
  if (good) return base::Ok{};
  return wrong_value(
      "class", value,
      "categories (USB_Storage, Keyboard, ...) and interface patterns (u0806**), joined "
      "by commas");
}

base::Status Conditions::set_ports(std::string_view value) {
  const bool good = each_item(value, [this](std::string_view item) {
    PortPattern pattern;
    if (const std::size_t colon = item.find(':'); colon != std::string_view::npos) {
      pattern.backend = item.substr(0, colon);
      item.remove_prefix(colon + 1);
      if (pattern.backend.empty()) return false;
    }
    pattern.prefix = item.ends_with('*');
    if (pattern.prefix) item.remove_suffix(1);
    pattern.port_id = item;
    ports_.push_back(std::move(pattern));
    return (!item.empty() || ports_.back().prefix) &&
           std::all_of(item.begin(), item.end(), base::wire::is_name_character);
  });
  if (good) return base::Ok{};
  return wrong_value("ports", value, "ports (2-1.4, sys-usb:2-1, 3-*), joined by commas");
}

base::Status Conditions::set_usb(std::string_view value) {
  const auto bad = [](const UsbguardMistake& mistake) {
    return base::fail("'usb' at character " + std::to_string(mistake.column) + ": " + mistake.text);
  };
  auto rule = parse_usbguard_word(value);
  if (!rule) return bad(rule.error());
  if (const auto unknown = usbguard_unknowable(*rule)) return bad(*unknown);
  usb_ = *std::move(rule);
  return base::Ok{};
}

base::Status Conditions::set_scan(std::string_view value) {
  constexpr std::string_view age = "age<";
  const bool good = each_item(value, [this, age](std::string_view item) {
    if (item.starts_with(age)) {
      if (scan_age_) return false;
      scan_age_ = seconds_of(item.substr(age.size()));
      return scan_age_.has_value();
    }
    const auto scan = scan_named(item);
    if (scan) scans_.push_back(*scan);
    return scan.has_value();
  });
  if (good && !scans_.empty()) return base::Ok{};
  return wrong_value("scan", value,
                     "verdicts (clean, infected, suspicious, incomplete, failed, none) and, beside "
                     "them, one age (age<7d), joined by commas");
}

bool Conditions::hold(Action action, const DeviceFacts* device) const {
  if (empty()) return true;
  if (device == nullptr) return action == Action::deny;
  return device_holds(action, *device);
}

bool Conditions::scan_holds(Action action, const DeviceFacts& device) const {
  if (scans_.empty()) return true;
  if (std::find(scans_.begin(), scans_.end(), device.scan) == scans_.end()) return false;
  if (!scan_age_) return true;
  return device.scan_age ? *device.scan_age < *scan_age_ : action == Action::deny;
}

bool Conditions::device_holds(Action action, const DeviceFacts& device) const {
  if (!history_.empty() &&
      std::find(history_.begin(), history_.end(), device.history) == history_.end()) {
    return false;
  }
  if (!ports_.empty() && std::none_of(ports_.begin(), ports_.end(), [&](const auto& pattern) {
        return covers(pattern, device);
      })) {
    return false;
  }
  if (!scan_holds(action, device)) return false;
  if (!classes_.empty()) {
    const auto listed = [this, action](const std::string& code) {
      return std::any_of(classes_.begin(), classes_.end(), [&code, action](const auto& pattern) {
        return covers(pattern, code, action);
      });
    };
    const auto& codes = device.interfaces;
    const bool holds = action == Action::deny
                           ? codes.empty() || std::any_of(codes.begin(), codes.end(), listed)
                           : !codes.empty() && std::all_of(codes.begin(), codes.end(), listed);
    if (!holds) return false;
  }
  const Doubt doubt = action == Action::deny ? Doubt::matches : Doubt::differs;
  if (usb_ && !usbguard_matches(*usb_, device, doubt)) return false;
  // Rules that were not read allow nothing.
  return usbguard_file_.empty() || (usbguard_ != nullptr && usbguard_->allow(device, doubt));
}

}  // namespace policy
