// SPDX-License-Identifier: GPL-2.0-or-later
// A file of USBGuard's rules as a question about a device: would they allow it?
//
// Pure. The language is that of usbguard-rules.conf(5). What cannot be known in dom0
// (usbguard_unknowable) is an error when the file is read, with its line: a rule that could never
// hold as meant is not passed over.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/wire/result.hpp"
#include "policy/device_facts.hpp"
#include "policy/usbguard_match.hpp"
#include "policy/usbguard_rule.hpp"

namespace policy {

// A line that is neither blank nor a comment.
struct UsbguardLine {
  unsigned number = 0;
  std::string_view text;  // into what was read
  base::Result<UsbguardRule, UsbguardMistake> rule;

  // "FILE:LINE:COLUMN: what is wrong"
  std::string complaint(const std::string& file, const UsbguardMistake& mistake) const;
};

class UsbguardRules {
 public:
  static constexpr std::size_t max_rules = 5000;

  // `file` is for messages: "FILE:LINE:COLUMN: what is wrong".
  static base::Result<UsbguardRules> parse(std::string_view text, const std::string& file);

  // The first rule that matches decides; a device that none matches is not allowed. Where doubt
  // differs they do not allow what they may not; where it matches they do allow what they may.
  bool allow(const DeviceFacts& device, Doubt doubt = Doubt::differs) const;
  std::size_t size() const { return rules_.size(); }

 private:
  std::vector<UsbguardRule> rules_;
};

// At most UsbguardRules::max_rules; the line that is too many is a mistake and the last.
std::vector<UsbguardLine> read_usbguard_lines(std::string_view text);

}  // namespace policy
