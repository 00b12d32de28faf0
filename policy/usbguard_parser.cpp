// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/usbguard_parser.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/wire/ascii.hpp"
#include "policy/quote.hpp"

namespace policy {
namespace {

constexpr std::string_view blank = " \t\r";

template <class T, std::size_t size>
std::optional<T> named(const std::array<std::pair<std::string_view, T>, size>& names,
                       std::string_view word) {
  for (const auto& [name, value] : names) {
    if (name == word) return value;
  }
  return std::nullopt;
}

constexpr std::array operators{
    std::pair{std::string_view("all-of"), UsbguardOperator::all_of},
    std::pair{std::string_view("one-of"), UsbguardOperator::one_of},
    std::pair{std::string_view("none-of"), UsbguardOperator::none_of},
    std::pair{std::string_view("equals"), UsbguardOperator::equals},
    std::pair{std::string_view("equals-ordered"), UsbguardOperator::equals_ordered},
    std::pair{std::string_view("match-all"), UsbguardOperator::match_all}};

constexpr std::array targets{std::pair{std::string_view("allow"), UsbguardRule::Target::allow},
                             std::pair{std::string_view("block"), UsbguardRule::Target::block},
                             std::pair{std::string_view("reject"), UsbguardRule::Target::reject}};

template <class Number>
std::optional<Number> hex(std::string_view text, std::size_t digits) {
  Number value = 0;
  if (text.size() != digits) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value, 16);
  if (error != std::errc{} || end != text.data() + digits) return std::nullopt;
  return value;
}

// "*" is any, and fine.
template <class Number>
bool hex_or_any(std::string_view text, std::size_t digits, std::optional<Number>& out) {
  out = hex<Number>(text, digits);
  return out || text == "*";
}

std::optional<UsbguardId> id_of(std::string_view word) {
  UsbguardId id;
  const std::size_t colon = word.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  if (!hex_or_any(word.substr(0, colon), 4, id.vendor) ||
      !hex_or_any(word.substr(colon + 1), 4, id.product)) {
    return std::nullopt;
  }
  // A product of any vendor means nothing.
  if (!id.vendor && id.product) return std::nullopt;
  return id;
}

std::optional<UsbguardInterface> written_interface_of(std::string_view word) {
  const std::size_t first = word.find(':');
  const std::size_t second = first == std::string_view::npos ? first : word.find(':', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto interface_class = hex<std::uint8_t>(word.substr(0, first), 2);
  UsbguardInterface found;
  if (!interface_class ||
      !hex_or_any(word.substr(first + 1, second - first - 1), 2, found.subclass) ||
      !hex_or_any(word.substr(second + 1), 2, found.protocol) ||
      (!found.subclass && found.protocol)) {
    return std::nullopt;
  }
  found.interface_class = *interface_class;
  return found;
}

// What stands behind a backslash; `rest` begins after it. Nothing: no such escape.
std::optional<char> escape_of(std::string_view& rest) {
  constexpr std::string_view plain = "abfnrtv\\'\"";
  constexpr std::string_view meant = "\a\b\f\n\r\t\v\\'\"";
  if (rest.empty()) return std::nullopt;
  const char first = rest.front();
  if (const std::size_t at = plain.find(first); at != std::string_view::npos) {
    rest.remove_prefix(1);
    return meant[at];
  }
  const bool hexadecimal = first == 'x';
  if (hexadecimal) rest.remove_prefix(1);
  const std::size_t most = hexadecimal ? 2 : 3;
  unsigned value = 0;
  const auto limit = std::min(most, rest.size());
  const auto [end, error] =
      std::from_chars(rest.data(), rest.data() + limit, value, hexadecimal ? 16 : 10);
  const auto used = static_cast<std::size_t>(end - rest.data());
  if (error != std::errc{} || value > 255 || (hexadecimal && used != 2)) return std::nullopt;
  rest.remove_prefix(used);
  return static_cast<char>(value);
}

class LineParser {
 public:
  explicit LineParser(std::string_view line) : rest_(line) {}

  base::Result<std::optional<UsbguardRule>> parse() {
    skip_blanks();
    if (at_end()) return std::optional<UsbguardRule>();
    const std::string_view word = take_word();
    const auto target = named(targets, word);
    if (!target) {
      return base::fail("a rule begins with allow, block or reject, not " + quote(word));
    }
    rule_.target = *target;
    skip_blanks();
    if (!at_end() && id_of(peek_word())) {
      rule_.id.values.push_back(*id_of(take_word()));
      skip_blanks();
    }
    for (; !at_end(); skip_blanks()) {
      if (auto taken = attribute(std::string(take_word())); !taken) {
        return base::Unexpected{taken.error()};
      }
    }
    return std::optional(std::move(rule_));
  }

 private:
  bool at_end() const { return rest_.empty() || rest_.front() == '#'; }
  void skip_blanks() {
    rest_.remove_prefix(std::min(rest_.size(), rest_.find_first_not_of(blank)));
  }
  std::string_view peek_word() const { return rest_.substr(0, rest_.find_first_of(" \t\r{}")); }
  std::string_view take_word() {
    const std::string_view word = peek_word();
    rest_.remove_prefix(word.size());
    return word;
  }

  // A reader of values that are one word.
  template <class T>
  auto by_word(std::optional<T> (*read)(std::string_view)) {
    return [this, read](std::string_view, bool& ok) {
      const auto value = read(take_word());
      ok = value.has_value();
      return value.value_or(T{});
    };
  }

  base::Status attribute(const std::string& name) {
    const auto text = [this](std::string_view, bool& ok) { return take_text(ok); };
    if (name == "id") return values(name, rule_.id, by_word(&id_of));
    if (name == "serial") return values(name, rule_.serial, text);
    if (name == "name") return values(name, rule_.name, text);
    if (name == "via-port") return values(name, rule_.via_port, text);
    if (name == "with-interface") {
      return values(name, rule_.with_interface, by_word(&written_interface_of));
    }
    if (name == "if") {
      return values(name, rule_.conditions,
                    [this](std::string_view, bool& ok) { return take_condition(ok); });
    }
    if (name == "label") {
      UsbguardSet<std::string> label;
      return values(name, label, text);
    }
    for (const std::string_view unknowable : {"hash", "parent-hash", "with-connect-type"}) {
      if (name == unknowable) {
        return base::fail("'" + name +
                          "' cannot be known in dom0; take it out, or tell the device by id, "
                          "serial, with-interface and via-port");
      }
    }
    return base::fail("no such attribute: " + quote(name));
  }

  // One value, or OPERATOR { VALUE... }.
  template <class T, class Take>
  base::Status values(const std::string& name, UsbguardSet<T>& into, Take take) {
    if (!into.values.empty()) return base::fail("attribute given twice: " + quote(name));
    skip_blanks();
    if (const auto op = named(operators, peek_word())) {
      into.op = *op;
      take_word();
      skip_blanks();
      if (!rest_.starts_with('{')) return base::fail("'{' is missing behind the operator");
    }
    const bool several = rest_.starts_with('{');
    if (several) rest_.remove_prefix(1);
    for (skip_blanks(); !(several && rest_.starts_with('}')); skip_blanks()) {
      bool ok = !rest_.empty() && into.values.size() < UsbguardRules::max_values;
      const std::string_view before = rest_.substr(0, 32);
      if (ok) into.values.push_back(take(name, ok));
      if (!ok) {
        if (!problem_.empty()) return base::fail(problem_);
        return base::fail("bad value for '" + name + "' at " + quote(before));
      }
      if (!several) return base::Ok{};
    }
    rest_.remove_prefix(1);
    if (into.values.empty()) return base::fail("'" + name + "' has no value");
    return base::Ok{};
  }

  std::string take_text(bool& ok) {
    std::string text;
    ok = rest_.starts_with('"');
    if (!ok) return text;
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_.front() != '"') {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '\\') {
        const auto escaped = escape_of(rest_);
        ok = escaped.has_value();
        if (!ok) return text;
        c = *escaped;
      }
      text += c;
    }
    ok = !rest_.empty();
    if (ok) rest_.remove_prefix(1);
    return text;
  }

  bool take_condition(bool& ok) {
    const bool negated = rest_.starts_with('!');
    if (negated) rest_.remove_prefix(1);
    const std::string_view word = take_word();
    ok = word == "true" || word == "false";
    if (!ok) {
      problem_ = "the condition " + quote(word.substr(0, 64)) +
                 " is not supported; only true and false are";
    }
    return (word == "true") != negated;
  }

  std::string_view rest_;
  UsbguardRule rule_;
  std::string problem_;
};

}  // namespace

base::Result<std::optional<UsbguardRule>> parse_usbguard_line(std::string_view line) {
  if (line.size() > UsbguardRules::max_line) {
    return base::fail("longer than " + std::to_string(UsbguardRules::max_line) + " characters");
  }
  return LineParser(line).parse();
}

}  // namespace policy
