// SPDX-License-Identifier: GPL-2.0-or-later
// Matching of USBGuard's rules; see the header.
#include "policy/usbguard_rules.hpp"

#include <algorithm>
#include <charconv>
#include <functional>

#include "base/wire/ascii.hpp"
#include "policy/usbguard_parser.hpp"

namespace policy {
namespace {

template <class Wanted, class Actual, class Matches>
bool agree(const UsbguardSet<Wanted>& rule, const std::vector<Actual>& device, Matches matches) {
  const auto there = [&](const Wanted& wanted) {
    return std::any_of(device.begin(), device.end(),
                       [&](const Actual& actual) { return matches(wanted, actual); });
  };
  const auto meant = [&](const Actual& actual) {
    return std::any_of(rule.values.begin(), rule.values.end(),
                       [&](const Wanted& wanted) { return matches(wanted, actual); });
  };
  const auto& wanted = rule.values;
  switch (rule.op) {
    case UsbguardOperator::all_of:
      return std::all_of(wanted.begin(), wanted.end(), there);
    case UsbguardOperator::one_of:
      return std::any_of(wanted.begin(), wanted.end(), there);
    case UsbguardOperator::none_of:
      return std::none_of(wanted.begin(), wanted.end(), there);
    case UsbguardOperator::equals:
      return std::all_of(wanted.begin(), wanted.end(), there) &&
             std::all_of(device.begin(), device.end(), meant);
    case UsbguardOperator::equals_ordered:
      return std::equal(wanted.begin(), wanted.end(), device.begin(), device.end(), matches);
    case UsbguardOperator::match_all:
      return std::all_of(device.begin(), device.end(), meant);
  }
  return false;
}

bool same_text(const std::string& wanted, const std::string& actual) { return wanted == actual; }

bool same_id(const UsbguardId& wanted, const UsbguardId& actual) {
  return (!wanted.vendor || wanted.vendor == actual.vendor) &&
         (!wanted.product || wanted.product == actual.product);
}

bool same_interface(const UsbguardInterface& wanted, const UsbguardInterface& actual) {
  return wanted.interface_class == actual.interface_class &&
         (!wanted.subclass || wanted.subclass == actual.subclass) &&
         (!wanted.protocol || wanted.protocol == actual.protocol);
}

// "u080650"; any other code is of no USB interface and is left out by interfaces_of().
std::optional<UsbguardInterface> interface_of(std::string_view code) {
  unsigned value = 0;
  if (code.size() != 7 || code.front() != 'u') return std::nullopt;
  const auto [end, error] = std::from_chars(code.data() + 1, code.data() + 7, value, 16);
  if (error != std::errc{} || end != code.data() + 7) return std::nullopt;
  return UsbguardInterface{.interface_class = static_cast<std::uint8_t>(value >> 16U),
                           .subclass = static_cast<std::uint8_t>(value >> 8U & 0xffU),
                           .protocol = static_cast<std::uint8_t>(value & 0xffU)};
}

std::vector<UsbguardInterface> interfaces_of(const DeviceFacts& device) {
  std::vector<UsbguardInterface> found;
  for (const std::string& code : device.interfaces) {
    if (const auto each = interface_of(code)) found.push_back(*each);
  }
  return found;
}

template <class Wanted, class Actual, class Matches>
bool asked_and_agree(const UsbguardSet<Wanted>& rule, const Actual& device, Matches matches) {
  return rule.values.empty() || agree(rule, std::vector<Actual>{device}, matches);
}

bool matches(const UsbguardRule& rule, const DeviceFacts& device) {
  const UsbguardId id{device.vendor_id, device.product_id};
  if (!asked_and_agree(rule.id, id, same_id) ||
      !asked_and_agree(rule.serial, device.serial, same_text) ||
      !asked_and_agree(rule.name, device.name, same_text) ||
      !asked_and_agree(rule.via_port, device.port_id, same_text)) {
    return false;
  }
  if (!rule.with_interface.values.empty() &&
      !agree(rule.with_interface, interfaces_of(device), same_interface)) {
    return false;
  }
  const auto& truths = rule.conditions.values;
  if (truths.empty()) return true;
  const auto count = std::count(truths.begin(), truths.end(), true);
  if (rule.conditions.op == UsbguardOperator::one_of) return count > 0;
  if (rule.conditions.op == UsbguardOperator::none_of) return count == 0;
  return static_cast<std::size_t>(count) == truths.size();
}

}  // namespace

base::Result<UsbguardRules> UsbguardRules::parse(std::string_view text, const std::string& file) {
  UsbguardRules rules;
  for (unsigned number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    auto rule = parse_usbguard_line(line);
    const std::string where = file + ":" + std::to_string(number) + ": ";
    if (!rule) return base::fail(where + rule.error().text);
    if (!rule->has_value()) continue;
    if (rules.rules_.size() >= max_rules) {
      return base::fail(where + "more than " + std::to_string(max_rules) + " rules");
    }
    rules.rules_.push_back(**std::move(rule));
  }
  return rules;
}

bool UsbguardRules::allow(const DeviceFacts& device) const {
  const auto found = std::find_if(rules_.begin(), rules_.end(),
                                  [&device](const auto& rule) { return matches(rule, device); });
  return found != rules_.end() && found->target == UsbguardRule::Target::allow;
}

}  // namespace policy
