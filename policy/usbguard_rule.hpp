// SPDX-License-Identifier: GPL-2.0-or-later
// One rule of USBGuard's language (usbguard-rules.conf(5)) as a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace policy {

// How the values of a rule and those of a device must agree.
enum class UsbguardOperator : std::uint8_t {
  all_of,          // the device has all of the rule's
  one_of,          // at least one
  none_of,         // none
  equals,          // the same and as many, in whatever order; the default
  equals_ordered,  // the same, in this order
  match_all        // the device has no others
};

// The value of an attribute, several with an operator, or the absence of both.
template <class T>
struct UsbguardSet {
  UsbguardOperator op = UsbguardOperator::equals;
  std::vector<T> values = {};
  std::size_t column = 0;  // where the attribute stands, from 1

  bool written() const { return !values.empty(); }
};

struct UsbguardId {
  std::optional<std::uint16_t> vendor;  // none: any
  std::optional<std::uint16_t> product;
};

struct UsbguardInterface {
  std::uint8_t interface_class = 0;
  std::optional<std::uint8_t> subclass;
  std::optional<std::uint8_t> protocol;
};

// "!localtime(08:00-17:00)"
struct UsbguardCondition {
  bool negated = false;
  std::string name;
  std::string argument = {};  // what stands in parentheses
};

struct UsbguardRule {
  enum class Target : std::uint8_t { allow, block, reject } target = Target::block;
  // Without values: not asked about.
  UsbguardSet<UsbguardId> id = {};
  UsbguardSet<std::string> hash = {};
  UsbguardSet<std::string> parent_hash = {};
  UsbguardSet<std::string> name = {};
  UsbguardSet<std::string> serial = {};
  UsbguardSet<std::string> via_port = {};
  UsbguardSet<UsbguardInterface> with_interface = {};
  UsbguardSet<std::string> with_connect_type = {};
  UsbguardSet<UsbguardCondition> conditions = {};
  UsbguardSet<std::string> label = {};
};

// What is wrong with a line, and where.
struct UsbguardMistake {
  std::size_t column = 0;  // from 1, in bytes
  std::string text;
};

}  // namespace policy
