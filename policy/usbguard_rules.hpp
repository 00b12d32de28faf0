// SPDX-License-Identifier: GPL-2.0-or-later
// USBGuard's rules as a question about a device: would they allow it?
//
// Pure. The language is that of usbguard-rules.conf(5). What cannot be known in dom0 (hash,
// parent-hash, with-connect-type) and what counts or throws dice (rule-applied, rule-evaluated,
// allowed-matches, localtime, random) is an error when the file is read, with its line: a rule that
// could never hold as meant is not passed over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire/result.hpp"
#include "policy/device_facts.hpp"

namespace policy {

// How the values of a rule and those of a device must agree.
enum class UsbguardOperator : std::uint8_t {
  all_of,          // the device has all of the rule's
  one_of,          // at least one
  none_of,         // none
  equals,          // the same, in whatever order; the default
  equals_ordered,  // the same, in this order
  match_all        // the device has no others
};

// The value of an attribute, several with an operator, or the absence of both.
template <class T>
struct UsbguardSet {
  UsbguardOperator op = UsbguardOperator::equals;
  std::vector<T> values = {};
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

struct UsbguardRule {
  enum class Target : std::uint8_t { allow, block, reject } target = Target::block;
  // Without values: not asked about.
  UsbguardSet<UsbguardId> id = {};
  UsbguardSet<std::string> serial = {};
  UsbguardSet<std::string> name = {};
  UsbguardSet<std::string> via_port = {};
  UsbguardSet<UsbguardInterface> with_interface = {};
  UsbguardSet<bool> conditions = {};
};

class UsbguardRules {
 public:
  static constexpr std::size_t max_rules = 5000;
  static constexpr std::size_t max_line = 4096;
  static constexpr std::size_t max_values = 64;  // of one set

  // `file` is for messages: "FILE:LINE: what is wrong".
  static base::Result<UsbguardRules> parse(std::string_view text, const std::string& file);

  // The first rule that matches decides; a device that none matches is not allowed.
  bool allow(const DeviceFacts& device) const;
  std::size_t size() const { return rules_.size(); }

 private:
  std::vector<UsbguardRule> rules_;
};

}  // namespace policy
