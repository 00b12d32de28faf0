// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/usbguard_match.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/quote.hpp"

namespace policy {
namespace {

template <class Wanted, class Actual, class Matches>
bool agree(const UsbguardSet<Wanted>& rule, const std::vector<Actual>& device, Matches matches,
           Doubt doubt) {
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
      return wanted.size() == device.size() && std::all_of(wanted.begin(), wanted.end(), there) &&
             (doubt == Doubt::matches || std::all_of(device.begin(), device.end(), meant));
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

// "u080650"
std::optional<UsbguardInterface> interface_of(std::string_view code) {
  unsigned value = 0;
  if (code.size() != 7 || code.front() != 'u') return std::nullopt;
  const auto [end, error] = std::from_chars(code.data() + 1, code.data() + 7, value, 16);
  if (error != std::errc{} || end != code.data() + 7) return std::nullopt;
  return UsbguardInterface{.interface_class = static_cast<std::uint8_t>(value >> 16U),
                           .subclass = static_cast<std::uint8_t>(value >> 8U & 0xffU),
                           .protocol = static_cast<std::uint8_t>(value & 0xffU)};
}

class UsbguardComparison {
 public:
  UsbguardComparison(const DeviceFacts& device, Doubt doubt) : device_(device), doubt_(doubt) {}

  template <class Wanted, class Actual, class Matches>
  bool holds(const UsbguardSet<Wanted>& rule, const Actual& device, Matches matches) const {
    return !rule.written() || agree(rule, std::vector<Actual>{device}, matches, doubt_);
  }

  bool text_holds(const UsbguardSet<std::string>& rule, const std::string& text) const {
    if (rule.written() && text.size() >= max_device_text) return in_doubt();
    return holds(rule, text, same_text);
  }

  bool hash_holds(const UsbguardSet<std::string>& rule) const {
    if (rule.written() && device_.usbguard_hash.empty()) return in_doubt();
    return holds(rule, device_.usbguard_hash, same_text);
  }

  bool interfaces_hold(const UsbguardSet<UsbguardInterface>& rule) const {
    if (!rule.written()) return true;
    std::vector<UsbguardInterface> there;
    for (const std::string& code : device_.described) {
      const auto each = interface_of(code);
      if (!each) return in_doubt();
      there.push_back(*each);
    }
    return there.empty() ? in_doubt() : agree(rule, there, same_interface, doubt_);
  }

  bool conditions_hold(const UsbguardSet<UsbguardCondition>& rule) const {
    if (!rule.written()) return true;
    std::size_t met = 0;
    for (const UsbguardCondition& each : rule.values) {
      if (each.name != "true" && each.name != "false") return in_doubt();
      if ((each.name == "true") != each.negated) ++met;
    }
    if (rule.op == UsbguardOperator::one_of) return met > 0;
    if (rule.op == UsbguardOperator::none_of) return met == 0;
    return met == rule.values.size();
  }

  // Of what dom0 never knows.
  bool unknown_holds(const UsbguardSet<std::string>& rule) const {
    return !rule.written() || in_doubt();
  }

 private:
  bool in_doubt() const { return doubt_ == Doubt::matches; }

  const DeviceFacts& device_;
  Doubt doubt_;
};

template <class T>
bool is_match_all(const UsbguardSet<T>& set) {
  return set.written() && set.op == UsbguardOperator::match_all;
}

}  // namespace

bool usbguard_matches(const UsbguardRule& rule, const DeviceFacts& device, Doubt doubt) {
  const UsbguardComparison compare(device, doubt);
  return compare.holds(rule.id, UsbguardId{device.vendor_id, device.product_id}, same_id) &&
         compare.hash_holds(rule.hash) && compare.unknown_holds(rule.parent_hash) &&
         compare.text_holds(rule.name, device.name) &&
         compare.text_holds(rule.serial, device.serial) &&
         compare.holds(rule.via_port, device.port_id, same_text) &&
         compare.interfaces_hold(rule.with_interface) &&
         compare.unknown_holds(rule.with_connect_type) && compare.conditions_hold(rule.conditions);
}

std::optional<UsbguardMistake> usbguard_unknowable(const UsbguardRule& rule) {
  if (rule.parent_hash.written()) {
    return UsbguardMistake{rule.parent_hash.column,
                           "'parent-hash' cannot be known in dom0: it names the hub or the root "
                           "hub of the machine where the rule was written"};
  }
  if (rule.with_connect_type.written()) {
    return UsbguardMistake{rule.with_connect_type.column,
                           "'with-connect-type' cannot be known in dom0: in sys-usb no port is "
                           "hard-wired or hot-plugged"};
  }
  for (const UsbguardCondition& each : rule.conditions.values) {
    if (each.name == "true" || each.name == "false") continue;
    return UsbguardMistake{
        rule.conditions.column,
        "the condition " + quote(each.name) + " is not supported; only true and false are"};
  }
  const std::array others{std::pair{rule.id.column, is_match_all(rule.id)},
                          std::pair{rule.hash.column, is_match_all(rule.hash)},
                          std::pair{rule.name.column, is_match_all(rule.name)},
                          std::pair{rule.serial.column, is_match_all(rule.serial)},
                          std::pair{rule.via_port.column, is_match_all(rule.via_port)},
                          std::pair{rule.conditions.column, is_match_all(rule.conditions)}};
  for (const auto& [column, found] : others) {
    if (!found) continue;
    return UsbguardMistake{column,
                           "match-all is supported of with-interface alone: of anything else "
                           "USBGuard does not do what it says; write one-of"};
  }
  return std::nullopt;
}

}  // namespace policy
