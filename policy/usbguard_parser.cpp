// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/usbguard_parser.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/wire/ascii.hpp"
#include "policy/quote.hpp"
#include "policy/usbguard_words.hpp"

namespace policy {
namespace {

using Target = UsbguardRule::Target;

constexpr std::array targets{std::pair{std::string_view("allow"), Target::allow},
                             std::pair{std::string_view("block"), Target::block},
                             std::pair{std::string_view("reject"), Target::reject}};

constexpr std::array condition_names{
    std::string_view("true"),         std::string_view("false"),
    std::string_view("localtime"),    std::string_view("allowed-matches"),
    std::string_view("rule-applied"), std::string_view("rule-evaluated"),
    std::string_view("random")};

constexpr std::size_t max_quoted = 40;  // of what a message shows

class UsbguardReader {
 public:
  enum class Form : std::uint8_t { line, word };

  UsbguardReader(std::string_view text, Form form)
      : whole_(text), rest_(text), form_(form), blank_(form == Form::line ? " \t\r" : ",") {}

  base::Result<std::optional<UsbguardRule>, UsbguardMistake> line() {
    skip_blanks();
    if (at_end()) return std::optional<UsbguardRule>();
    if (!target()) return base::Unexpected{mistake_};
    if (!attributes()) return base::Unexpected{mistake_};
    return std::optional(std::move(rule_));
  }

  base::Result<UsbguardRule, UsbguardMistake> word() {
    if (at_end()) {
      wrong("no attribute is named");
      return base::Unexpected{mistake_};
    }
    if (!attributes()) return base::Unexpected{mistake_};
    return std::move(rule_);
  }

 private:
  bool is_blank(char c) const { return blank_.find(c) != std::string_view::npos; }
  bool at_end() const { return rest_.empty() || (form_ == Form::line && rest_.front() == '#'); }
  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }
  std::string_view peek_word() const {
    const auto ends = [this](char c) { return is_blank(c) || c == '{' || c == '}' || c == '#'; };
    const auto end = std::find_if(rest_.begin(), rest_.end(), ends);
    return rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
  }
  std::string_view take_word() {
    const std::string_view word = peek_word();
    rest_.remove_prefix(word.size());
    return word;
  }

  std::size_t column_of(std::string_view where) const { return whole_.size() - where.size() + 1; }
  // For `return wrong(...)`.
  bool wrong(std::string text) { return wrong_at(rest_, std::move(text)); }
  bool wrong_at(std::string_view where, std::string text) {
    mistake_ = {.column = column_of(where), .text = std::move(text)};
    return false;
  }
  static std::string shown(std::string_view text) { return quote(text.substr(0, max_quoted)); }

  std::string missing_blank() const {
    return form_ == Form::line ? "a blank is missing" : "a comma is missing";
  }

  bool target() {
    const std::string_view here = rest_;
    const std::string_view word = take_word();
    for (const auto& [name, value] : targets) {
      if (name != word) continue;
      rule_.target = value;
      return separated("the target");
    }
    return wrong_at(here, "a rule begins with allow, block or reject, not " + shown(word));
  }

  // What was read ends here: a blank, a comment, or the end of a set must follow.
  bool separated(std::string_view what) {
    if (at_end() || is_blank(rest_.front()) || rest_.front() == '}') return true;
    return wrong(missing_blank() + " behind " + std::string(what));
  }

  bool attributes() {
    skip_blanks();
    // "allow 0951:1666" is "allow id 0951:1666".
    if (const auto id = at_end() ? std::nullopt : usbguard_id(peek_word())) {
      rule_.id.column = column_of(rest_);
      rule_.id.values.push_back(*id);
      take_word();
      if (!separated("the device's id")) return false;
      skip_blanks();
    }
    for (; !at_end(); skip_blanks()) {
      if (!attribute()) return false;
    }
    return true;
  }

  bool attribute() {
    const std::string_view here = rest_;
    const std::string name(take_word());
    const std::array texts{
        std::pair{std::string_view("hash"), &rule_.hash},
        std::pair{std::string_view("parent-hash"), &rule_.parent_hash},
        std::pair{std::string_view("name"), &rule_.name},
        std::pair{std::string_view("serial"), &rule_.serial},
        std::pair{std::string_view("via-port"), &rule_.via_port},
        std::pair{std::string_view("with-connect-type"), &rule_.with_connect_type},
        std::pair{std::string_view("label"), &rule_.label}};
    for (const auto& [known, into] : texts) {
      if (name == known) return values(name, here, *into, &UsbguardReader::take_text);
    }
    if (name == "id") return values(name, here, rule_.id, &UsbguardReader::take_id);
    if (name == "with-interface") {
      return values(name, here, rule_.with_interface, &UsbguardReader::take_interface);
    }
    if (name == "if") return values(name, here, rule_.conditions, &UsbguardReader::take_condition);
    return wrong_at(here, "no such attribute: " + shown(name.empty() ? here.substr(0, 1) : name));
  }

  // One value, or [OPERATOR] { VALUE... }.
  template <class T>
  bool values(const std::string& name, std::string_view here, UsbguardSet<T>& into,
              std::optional<T> (UsbguardReader::*take)()) {
    if (into.written()) return wrong_at(here, "attribute given twice: " + quote(name));
    into.column = column_of(here);
    if (!separated_from_value(name)) return false;
    if (const auto op = usbguard_operator(peek_word())) {
      into.op = *op;
      take_word();
      if (!separated_from_value(name_of(*op))) return false;
      if (!rest_.starts_with('{')) return wrong("'{' is missing behind the operator");
    }
    const bool several = rest_.starts_with('{');
    if (several) rest_.remove_prefix(1);
    for (skip_blanks(); !(several && rest_.starts_with('}')); skip_blanks()) {
      if (into.values.size() == max_usbguard_values) {
        return wrong("more than " + std::to_string(max_usbguard_values) + " values");
      }
      if (!value(name, into, take)) return false;
      if (!several) return separated("the value");
    }
    rest_.remove_prefix(1);
    if (!into.written()) return wrong_at(here, quote(name) + " has no value");
    return separated("the set");
  }

  bool separated_from_value(std::string_view word) {
    // Of the one word a set needs no blank before it: its brace stands out enough.
    const bool brace = form_ == Form::word && rest_.starts_with('{');
    if (!brace && !at_end() && !is_blank(rest_.front())) {
      return wrong(missing_blank() + " behind " + shown(word));
    }
    skip_blanks();
    return true;
  }

  template <class T>
  bool value(const std::string& name, UsbguardSet<T>& into,
             std::optional<T> (UsbguardReader::*take)()) {
    const std::string_view here = rest_;
    mistake_ = {};
    auto taken = at_end() ? std::nullopt : (this->*take)();
    if (taken) {
      into.values.push_back(*std::move(taken));
      return separated("the value");
    }
    if (mistake_.column != 0) return false;  // it knows better
    if (here.empty() || here.front() == '#')
      return wrong_at(here, "a value is missing for " + quote(name));
    return wrong_at(here, "bad value for " + quote(name) + ": " +
                              shown(here.substr(0, here.find_first_of(blank_))));
  }

  std::optional<UsbguardId> take_id() { return usbguard_id(take_word()); }
  std::optional<UsbguardInterface> take_interface() { return usbguard_interface(take_word()); }

  std::optional<std::string> take_text() {
    const std::string_view here = rest_;
    if (!rest_.starts_with('"')) return std::nullopt;
    rest_.remove_prefix(1);
    auto text = take_usbguard_text(rest_);
    if (text) return text;
    if (rest_.empty()) {
      wrong_at(here, "the quote is not closed");
    } else {
      wrong("only \\\\, \\\" and \\xHH may stand behind a backslash");
    }
    return std::nullopt;
  }

  std::optional<UsbguardCondition> take_condition() {
    UsbguardCondition condition{.negated = rest_.starts_with('!'), .name = {}};
    if (condition.negated) rest_.remove_prefix(1);
    const std::string_view here = rest_;
    while (!rest_.empty() && (base::wire::is_alphanumeric(rest_.front()) || rest_.front() == '-')) {
      condition.name += rest_.front();
      rest_.remove_prefix(1);
    }
    if (std::find(condition_names.begin(), condition_names.end(), condition.name) ==
        condition_names.end()) {
      wrong_at(here, "no such condition: " + shown(condition.name));
      return std::nullopt;
    }
    if (!rest_.starts_with('(')) return condition;
    rest_.remove_prefix(1);
    const std::size_t end = rest_.find(')');
    if (end == std::string_view::npos) {
      wrong_at(here, "')' is missing");
      return std::nullopt;
    }
    condition.argument = rest_.substr(0, end);
    if (condition.argument.empty()) {
      wrong("nothing stands in the parentheses");
      return std::nullopt;
    }
    rest_.remove_prefix(end + 1);
    return condition;
  }

  std::string_view whole_;
  std::string_view rest_;
  Form form_;
  std::string_view blank_;
  UsbguardRule rule_;
  UsbguardMistake mistake_;
};

base::Unexpected<UsbguardMistake> too_long() {
  return {{.column = max_usbguard_line + 1,
           .text = "longer than " + std::to_string(max_usbguard_line) + " characters"}};
}

}  // namespace

base::Result<std::optional<UsbguardRule>, UsbguardMistake> parse_usbguard_line(
    std::string_view line) {
  if (line.size() > max_usbguard_line) return too_long();
  return UsbguardReader(line, UsbguardReader::Form::line).line();
}

base::Result<UsbguardRule, UsbguardMistake> parse_usbguard_word(std::string_view word) {
  if (word.size() > max_usbguard_line) return too_long();
  return UsbguardReader(word, UsbguardReader::Form::word).word();
}

}  // namespace policy
