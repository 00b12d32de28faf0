// SPDX-License-Identifier: GPL-2.0-or-later
// Looks at each column alone: the rest of the line is replaced by words that are right, and what
// the parser then says belongs to that column. So this never calls wrong what the parser takes.
#include "policy/lint_mistake.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "policy/fields.hpp"
#include "policy/lint_hints.hpp"
#include "policy/quote.hpp"

namespace policy {
namespace {

using Line = ParseObserver::Line;
using Remarks = std::vector<Remark>;

std::string with_hint(std::string error, const std::string& hint) {
  return hint.empty() ? error : std::move(error) + ": " + hint;
}

bool is_argument(std::string_view field) { return field == "*" || field.starts_with('+'); }

// Which column is missing, from where the action stands and what looks like an argument.
std::string missing_columns(const Fields& fields, std::size_t action, bool three_columns) {
  const std::size_t needed = three_columns ? 2 : 4;  // columns before the action
  if (action == fields.size()) {
    if (fields.size() == needed && (three_columns || is_argument(fields[1]))) {
      return "the action is missing; write allow, deny or ask behind the target";
    }
    if (!three_columns && fields.size() == 4 && !is_argument(fields[1])) {
      return "the argument is missing behind the service; write '*' for any";
    }
    if (!three_columns && fields.size() <= 2) {
      std::string hint = hint_for_directive(fields[0]);
      if (hint.find('?') != std::string::npos) return hint;
    }
  } else if (three_columns) {
    return "the source or the target is missing; the line is SOURCE TARGET ACTION";
  } else if (action == 3) {
    if (is_argument(fields[1])) return "the source or the target is missing";
    return "the argument is missing behind the service; write '*' for any: " +
           quote_word(std::string(fields[0]) + " * " + std::string(fields[1]) + " " +
                      std::string(fields[2]) + " " + std::string(fields[3]));
  } else if (action == 2) {
    if (!is_argument(fields[1])) {
      return "this is the form of /etc/qubes-rpc/policy, where the file's name is the service; "
             "write SERVICE ARGUMENT SOURCE TARGET ACTION, or read the file by !include-service";
    }
    return "the source and the target are missing";
  }
  return three_columns
             ? "the line is SOURCE TARGET ACTION [PARAMETER...]"
             : "a rule is SERVICE ARGUMENT SOURCE TARGET ACTION [PARAMETER...]; found " +
                   std::to_string(fields.size()) + (fields.size() == 1 ? " word" : " words");
}

class RuleColumns {
 public:
  RuleColumns(const Line& line, Remarks& remarks)
      : line_(line),
        remarks_(remarks),
        fields_(split_fields(line.text)),
        first_(line.three_columns ? 0 : 2) {}

  void look() {
    if (fields_.empty()) {  // in three columns a comma is a blank
      remarks_.push_back({.offset = 0,
                          .length = line_.text.size(),
                          .text = with_hint("wrong number of fields", "only commas stand here")});
      return;
    }
    if (wrong_number()) return;
    if (!line_.three_columns) service();
    token(first_, Place::source);
    token(first_ + 1, Place::target);
    action();
    parameters();
  }

 private:
  std::size_t action_column() const { return first_ + 2; }
  std::size_t find_action() const {
    const auto found = std::find_if(fields_.begin(), fields_.end(), looks_like_action);
    return static_cast<std::size_t>(found - fields_.begin());
  }

  void remark(std::string_view field, std::string words) {
    remarks_.push_back(remark_on(line_.text, field, std::move(words)));
  }

  // Too few columns, or an action that stands too early or too late: nothing else can be said.
  bool wrong_number() {
    const std::size_t action = find_action();
    const bool enough = fields_.size() > action_column();
    if (enough && (action >= fields_.size() || looks_like_action(fields_[action_column()]))) {
      return false;
    }
    if (enough && action > action_column()) {
      remark(fields_[action_column()],
             "the action should stand here, but there " +
                 std::string(action == action_column() + 1 ? "is one column" : "are columns") +
                 " too many before " + quote_word(fields_[action]));
      return true;
    }
    const Remark at = remark_on(line_.text, fields_.front(), {});
    const Remark end = remark_on(line_.text, fields_.back(), {});
    remarks_.push_back({.offset = at.offset,
                        .length = end.offset + end.length - at.offset,
                        .text = with_hint("wrong number of fields",
                                          missing_columns(fields_, action, line_.three_columns))});
    return true;
  }

  void service() {
    const std::string_view service = fields_[0];
    const auto checked = check_service(service, "*");
    if (!checked) remark(service, with_hint(checked.error().text, hint_for_service(service)));
    const std::string_view argument = fields_[1];
    const auto also = check_service(checked ? service : "s", argument);
    if (also) return;
    const bool bare = !is_argument(argument);
    remark(argument,
           with_hint(also.error().text, bare ? hint_for_argument(argument) : std::string()));
  }

  void token(std::size_t column, Place place) {
    const auto parsed = Token::parse(fields_[column], place);
    if (parsed) return;
    remark(fields_[column], with_hint(parsed.error().text, hint_for_token(fields_[column], place)));
  }

  void action() {
    const std::string_view written = fields_[action_column()];
    const auto parsed = parse_rule("s * * * " + std::string(written), {}, 0);
    if (!parsed) remark(written, with_hint(parsed.error().text, hint_for_action(written)));
  }

  // "user = root", which is three words.
  bool blanks_around_equals(std::size_t i) const {
    return i + 2 < fields_.size() && fields_[i + 1] == "=" &&
           fields_[i].find('=') == std::string_view::npos;
  }

  void parameters() {
    const std::string_view written = fields_[action_column()];
    const bool good = parse_rule("s * * * " + std::string(written), {}, 0).has_value();
    std::set<std::string_view> keys;
    for (std::size_t i = action_column() + 1; i < fields_.size(); ++i) {
      const std::string_view word = fields_[i];
      if (word.starts_with('#')) {  // all behind it is meant as a comment
        remark(word, with_hint("invalid action parameter syntax: " + quote_word(word),
                               hint_for_parameter(word, {})));
        return;
      }
      if (blanks_around_equals(i)) {
        remark(word, "invalid action parameter syntax: " + quote_word(word) +
                         ": no blanks around '='; did you mean " +
                         quote_word(std::string(word) + "=" + std::string(fields_[i + 2])) + "?");
        i += 2;
        continue;
      }
      parameter(word, good ? written : std::string_view());
      const std::string_view key = word.substr(0, word.find('='));
      if (key.size() < word.size() && !keys.insert(key).second) {
        remark(word, "parameter given twice: " + quote_word(key));
      }
    }
  }

  // Of an action that is wrong itself nobody knows what it would take: then any that takes it.
  void parameter(std::string_view word, std::string_view action) {
    std::optional<std::string> error;
    for (const std::string_view with : {"ask", "allow", "deny"}) {
      if (!action.empty() && action != with) continue;
      const auto parsed =
          parse_rule("s * * * " + std::string(with) + " " + std::string(word), {}, 0);
      if (parsed) return;
      if (!error) error = parsed.error().text;
    }
    if (error) remark(word, with_hint(*error, hint_for_parameter(word, action)));
  }

  const Line& line_;
  Remarks& remarks_;
  Fields fields_;
  std::size_t first_;  // the column of the source
};

// How many words stand behind each, and which.
std::string directive_form(std::string_view name) {
  if (name == "!include") return "write '!include FILE'";
  if (name == "!include-dir") return "write '!include-dir DIRECTORY'";
  if (name == "!include-service") return "write '!include-service SERVICE ARGUMENT FILE'";
  if (name == "!compat-4.0") return "write '!compat-4.0' alone";
  return {};
}

void look_at_directive(const Line& line, const std::string& parse_error, Remarks& remarks) {
  const Fields words = split_fields(line.text);
  const std::string form = directive_form(words[0]);
  const auto add = [&](std::string_view field, std::string text) {
    remarks.push_back(remark_on(line.text, field, std::move(text)));
  };
  if (form.empty()) return add(words[0], with_hint(parse_error, hint_for_directive(words[0])));
  if (parse_error == "invalid directive") {
    return add(words[0], parse_error + ": a file of three columns can only !include");
  }
  const std::size_t given = words.size() - 1;
  const std::size_t wanted = words[0] == "!include-service" ? 3 : words[0] == "!compat-4.0" ? 0 : 1;
  if (given != wanted) return add(words[0], with_hint(parse_error, form));
  if (wanted == 3) {
    if (auto checked = check_service(words[1], "*"); !checked) {
      return add(words[1], with_hint(checked.error().text, hint_for_service(words[1])));
    }
    if (auto checked = check_service(words[1], words[2]); !checked) {
      return add(words[2], with_hint(checked.error().text,
                                     is_argument(words[2]) ? "" : hint_for_argument(words[2])));
    }
  }
  add(words.back(), parse_error);
}

}  // namespace

Remark remark_on(std::string_view text, std::string_view field, std::string words) {
  return {.offset = static_cast<std::size_t>(field.data() - text.data()),
          .length = field.size(),
          .text = std::move(words)};
}

std::vector<Remark> find_mistakes(const ParseObserver::Line& line, const std::string& parse_error) {
  Remarks remarks;
  if (line.text.front() == '!') {
    look_at_directive(line, parse_error, remarks);
  } else {
    RuleColumns(line, remarks).look();
  }
  // Every part is right, but not all of them together, or what the rule names; or there are more
  // rules than are taken.
  if (remarks.empty()) {
    std::string_view whole = line.text;
    while (!whole.empty() && white_space.find(whole.back()) != std::string_view::npos) {
      whole.remove_suffix(1);
    }
    for (const std::string_view field : split_fields(line.text)) {
      if (!field.starts_with("usbguard=")) continue;
      remarks.push_back(remark_on(line.text, field, parse_error));
      return remarks;
    }
    const bool nowhere = parse_error.starts_with("allow action for @default");
    remarks.push_back(
        {.offset = 0,
         .length = whole.size(),
         .text = with_hint(parse_error, nowhere ? "write behind the action the qube that "
                                                  "is meant when the caller names none"
                                                : "")});
  }
  return remarks;
}

}  // namespace policy
