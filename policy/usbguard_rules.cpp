// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/usbguard_rules.hpp"

#include <algorithm>

#include "policy/usbguard_parser.hpp"

namespace policy {
namespace {

Doubt opposite(Doubt doubt) { return doubt == Doubt::differs ? Doubt::matches : Doubt::differs; }

}  // namespace

std::string UsbguardLine::complaint(const std::string& file, const UsbguardMistake& mistake) const {
  return file + ":" + std::to_string(number) + ":" + std::to_string(mistake.column) + ": " +
         mistake.text;
}

std::vector<UsbguardLine> read_usbguard_lines(std::string_view text) {
  std::vector<UsbguardLine> lines;
  for (unsigned number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    auto read = parse_usbguard_line(line);
    if (read && !read->has_value()) continue;
    if (lines.size() == UsbguardRules::max_rules) {
      UsbguardMistake many{1, "more than " + std::to_string(UsbguardRules::max_rules) + " rules"};
      lines.push_back({number, line, base::Unexpected{std::move(many)}});
      return lines;
    }
    if (read) {
      lines.push_back({number, line, **std::move(read)});
    } else {
      lines.push_back({number, line, base::Unexpected{read.error()}});
    }
  }
  return lines;
}

base::Result<UsbguardRules> UsbguardRules::parse(std::string_view text, const std::string& file) {
  UsbguardRules rules;
  for (UsbguardLine& line : read_usbguard_lines(text)) {
    if (!line.rule) return base::fail(line.complaint(file, line.rule.error()));
    if (const auto unknown = usbguard_unknowable(*line.rule)) {
      return base::fail(line.complaint(file, *unknown));
    }
    rules.rules_.push_back(*std::move(line.rule));
  }
  return rules;
}

bool UsbguardRules::allow(const DeviceFacts& device, Doubt doubt) const {
  const auto decides = [&device, doubt](const UsbguardRule& rule) {
    const bool lets_in = rule.target == UsbguardRule::Target::allow;
    return usbguard_matches(rule, device, lets_in ? doubt : opposite(doubt));
  };
  const auto found = std::find_if(rules_.begin(), rules_.end(), decides);
  return found != rules_.end() && found->target == UsbguardRule::Target::allow;
}

}  // namespace policy
