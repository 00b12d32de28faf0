// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/usbguard_import.hpp"

#include <algorithm>

#include "base/wire/escape.hpp"
#include "policy/quote.hpp"
#include "policy/ruleset.hpp"
#include "policy/usb_lines.hpp"
#include "policy/usbguard_match.hpp"
#include "policy/usbguard_rules.hpp"
#include "policy/usbguard_text.hpp"

namespace policy {
namespace {

constexpr std::size_t max_shown_rule = 1024;  // of a comment

template <class T>
void clear_at(UsbguardSet<T>& set, std::size_t column) {
  if (set.column == column) set = {};
}

void clear_attribute(UsbguardRule& rule, std::size_t column) {
  clear_at(rule.id, column);
  clear_at(rule.hash, column);
  clear_at(rule.parent_hash, column);
  clear_at(rule.name, column);
  clear_at(rule.serial, column);
  clear_at(rule.via_port, column);
  clear_at(rule.with_interface, column);
  clear_at(rule.with_connect_type, column);
  clear_at(rule.conditions, column);
}

// The devices that it is about have interfaces of hubs and no others.
bool is_of_hubs(const UsbguardSet<UsbguardInterface>& set) {
  constexpr std::uint8_t hub_class = 9;
  const bool whole = set.op == UsbguardOperator::equals_ordered ||
                     set.op == UsbguardOperator::match_all ||
                     (set.op == UsbguardOperator::equals && set.values.size() == 1);
  return set.written() && whole &&
         std::all_of(set.values.begin(), set.values.end(), [](const UsbguardInterface& each) {
           return each.interface_class == hub_class;
         });
}

class UsbguardImporter {
 public:
  UsbguardImporter(const std::string& file, const UsbguardImport& import)
      : file_(base::wire::escape(file)), import_(import) {
    out_.policy = usb_preface("sallyport usb import-rules");
  }

  void take(UsbguardLine& line) {
    if (!line.rule) {
      complaints_.push_back(line.complaint(file_, line.rule.error()));
      return;
    }
    UsbguardRule& rule = *line.rule;
    const bool allows = rule.target == UsbguardRule::Target::allow;
    out_.policy += "\n# " + file_ + ":" + std::to_string(line.number) + ": " +
                   base::wire::escape(line.text, max_shown_rule) + "\n";
    // To leave out what allows lets nobody in.
    if (allows && is_of_hubs(rule.with_interface)) {
      out_.policy += "# hubs stay in " + import_.backend + " and need no rule\n";
      return;
    }
    const std::vector<UsbguardMistake> unsaid = reduce(rule);
    const bool asks = !unsaid.empty() && allows && import_.inexact == UsbguardImport::Inexact::ask;
    for (const UsbguardMistake& each : unsaid) {
      (asks ? out_.remarks : complaints_).push_back(line.complaint(file_, each));
      if (asks) out_.policy += "# asks, since " + each.text + "\n";
    }
    write(rule, asks);
  }

  base::Result<UsbguardImported, Complaints> finish() {
    if (!complaints_.empty()) return base::Unexpected{std::move(complaints_)};
    out_.policy += "\n# What no rule allows, USBGuard blocks.\n" +
                   usb_line(import_.target, import_.backend, "deny", {});
    // Whatever was given as a name: what is written is policy, or nothing is.
    if (auto parsed = parse_policy({{"the imported policy", out_.policy}}); !parsed) {
      return base::Unexpected{Complaints{parsed.error().text}};
    }
    return std::move(out_);
  }

 private:
  // Takes out what policy cannot say, and says what that was.
  std::vector<UsbguardMistake> reduce(UsbguardRule& rule) const {
    std::vector<UsbguardMistake> unsaid;
    if (auto strange = map_ports(rule.via_port)) {
      unsaid.push_back(*std::move(strange));
      rule.via_port = {};
    }
    while (auto unknown = usbguard_unknowable(rule)) {
      clear_attribute(rule, unknown->column);
      unsaid.push_back(*std::move(unknown));
    }
    return unsaid;
  }

  // Where a port is not one of the backend's.
  std::optional<UsbguardMistake> map_ports(UsbguardSet<std::string>& ports) const {
    for (std::string& port : ports.values) {
      const auto known = import_.ports.find(port);
      if (known == import_.ports.end()) {
        return UsbguardMistake{ports.column, "the port " + quote(port) +
                                                 " is one of the machine where the rule was "
                                                 "written; say which one of " +
                                                 import_.backend + " is meant: --port " +
                                                 base::wire::escape(port) + "=PORT"};
      }
      port = known->second;
    }
    return std::nullopt;
  }

  void write(UsbguardRule& rule, bool asks) {
    if (rule.conditions.written()) {
      UsbguardRule only{.conditions = rule.conditions};
      // Nothing but true and false is left in it, so that it is so of any device or of none.
      if (!usbguard_matches(only, {}, Doubt::differs)) {
        out_.policy += "# never holds\n";
        return;
      }
      rule.conditions = {};
    }
    std::string_view action = rule.target == UsbguardRule::Target::allow ? "allow" : "deny";
    if (asks) action = "ask";
    out_.policy += usb_line(import_.target, import_.backend, action, usbguard_word(rule));
  }

  std::string file_;
  const UsbguardImport& import_;
  UsbguardImported out_;
  Complaints complaints_;
};

}  // namespace

base::Result<UsbguardImported, Complaints> import_usbguard(std::string_view text,
                                                           const std::string& file,
                                                           const UsbguardImport& import) {
  for (const std::string& qube : {import.target, import.backend}) {
    if (auto checked = check_qube_word(qube); !checked) {
      return base::Unexpected{Complaints{checked.error().text}};
    }
  }
  UsbguardImporter importer(file, import);
  for (UsbguardLine& line : read_usbguard_lines(text)) importer.take(line);
  return importer.finish();
}

}  // namespace policy
