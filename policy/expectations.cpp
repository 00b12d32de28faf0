// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/expectations.hpp"

#include <algorithm>
#include <utility>

#include "base/wire/escape.hpp"
#include "policy/fields.hpp"
#include "policy/lint_hints.hpp"
#include "policy/lint_mistake.hpp"

namespace policy {
namespace {

constexpr std::size_t needed_words = 4;
constexpr std::size_t max_mistakes = 100;
constexpr std::size_t max_text = 1000;

using Answer = Decision::Kind;

std::string printable(std::string_view text) { return base::wire::escape(text, max_text); }

std::optional<Answer> parse_answer(std::string_view word) {
  if (word == "allow") return Answer::allow;
  if (word == "deny") return Answer::deny;
  if (word == "ask") return Answer::ask;
  return std::nullopt;
}

std::string listed(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& each : list) text += (text.empty() ? "" : ", ") + each;
  return text;
}

// One line of the file; `error` is the first thing wrong with it.
class ExpectationParser {
 public:
  ExpectationParser(std::string_view line, unsigned number)
      : line_(line), fields_(split_fields(line)) {
    expected_.line = number;
  }

  // nullopt: mistake() says why.
  std::optional<Expectation> parse() {
    if (fields_.size() < needed_words) {
      wrong(fields_.back(),
            "too few words; a line is SOURCE TARGET SERVICE[+ARGUMENT] allow|deny|ask");
      return std::nullopt;
    }
    auto request = parse_request(fields_[0], fields_[1], fields_[2]);
    if (!request) {
      wrong(fields_[2], request.error().text);
    } else {
      expected_.request = *std::move(request);
    }
    const auto kind = parse_answer(fields_[3]);
    if (!kind)
      wrong(fields_[3],
            "invalid decision " + quote_word(fields_[3]) + ": " + hint_for_action(fields_[3]));
    expected_.kind = kind.value_or(Answer::deny);
    for (std::size_t i = needed_words; i < fields_.size(); ++i) parameter(fields_[i]);
    if (mistake_) return std::nullopt;
    return std::move(expected_);
  }
  const Remark& mistake() const { return *mistake_; }

 private:
  void wrong(std::string_view field, std::string words) {
    if (!mistake_) mistake_ = remark_on(line_, field, std::move(words));
  }

  void parameter(std::string_view field) {
    const std::size_t equals = field.find('=');
    const std::string_view key = field.substr(0, equals);
    if (field.starts_with('#')) return wrong(field, "a comment must stand on a line of its own");
    std::optional<std::string>* into = key == "target"           ? &expected_.target
                                       : key == "default_target" ? &expected_.default_target
                                       : key == "user"           ? &expected_.user
                                       : key == "rule"           ? &expected_.rule
                                                                 : nullptr;
    if (into == nullptr || equals == std::string_view::npos) {
      return wrong(field, "invalid expectation " + quote_word(field) +
                              "; there are target=, default_target=, user= and rule=");
    }
    if (*into) return wrong(field, quote_word(key) + " is given twice");
    if (expected_.kind == Answer::deny && key != "rule") {
      return wrong(field, "a denied call has no " + quote_word(key));
    }
    if (expected_.kind == Answer::allow && key == "default_target") {
      return wrong(field, "only an ask has a default_target");
    }
    const std::string_view value = field.substr(equals + 1);
    if (value.empty() && (key == "target" || key == "rule")) {
      return wrong(field, "nothing stands behind the '='");
    }
    *into = std::string(value);
  }

  std::string_view line_;
  Fields fields_;
  Expectation expected_;
  std::optional<Remark> mistake_;
};

// "30-user.policy:3" names "/etc/qubes/policy.d/30-user.policy:3", and without ":3" any line of it.
bool names_rule(const std::string& wanted, const Rule* rule) {
  if (rule == nullptr) return wanted == "none";
  const auto ends_as = [&wanted](const std::string& place) {
    return place == wanted || place.ends_with("/" + wanted);
  };
  return ends_as(rule->where()) || ends_as(rule->file);
}

std::string what_came(const Decision& decision) {
  switch (decision.kind) {
    case Answer::allow:
      return "allow to " + decision.target;
    case Answer::ask:
      return "ask for " + listed(decision.targets);
    case Answer::deny:
      break;
  }
  return "deny: " + decision.message;
}

std::string difference(const Expectation& expected, const Decision& came, const Rule* rule) {
  const std::string kind(name_of(expected.kind));
  if (came.kind != expected.kind) return "expected " + kind + ", came " + what_came(came);
  if (expected.target) {
    const bool right = came.kind == Answer::allow
                           ? came.target == *expected.target
                           : std::find(came.targets.begin(), came.targets.end(),
                                       *expected.target) != came.targets.end();
    if (!right)
      return "expected " + kind + " with target=" + *expected.target + ", came " + what_came(came);
  }
  if (expected.default_target && came.default_target != *expected.default_target) {
    return "expected default_target=" + *expected.default_target +
           ", came default_target=" + came.default_target;
  }
  const auto user = [](const std::string& name) { return name == "DEFAULT" ? "" : name; };
  if (expected.user && user(*expected.user) != user(came.user)) {
    return "expected user=" + *expected.user + ", came user=" + came.user;
  }
  if (expected.rule && !names_rule(*expected.rule, rule)) {
    return "expected " + kind + " by rule " + *expected.rule + ", came " + what_came(came) +
           (rule == nullptr ? ", by no rule" : "");
  }
  return {};
}

}  // namespace

Expectations parse_expectations(std::string_view text, const std::string& file) {
  Expectations parsed;
  for (unsigned number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t start = line.find_first_not_of(white_space);
    if (start == std::string_view::npos || line[start] == '#') continue;
    ExpectationParser parser(line, number);
    auto expected = parser.parse();
    const bool full = parsed.all.size() >= Expectations::max_count;
    if (expected && !full) {
      parsed.all.push_back(*std::move(expected));
      continue;
    }
    Finding finding{.file = file, .line = number, .text = "more expectations than are taken"};
    if (!full) {
      const Remark& mistake = parser.mistake();
      finding.column = mistake.offset + 1;
      finding.length = mistake.length;
      finding.text = mistake.text;
    }
    set_excerpt(finding, line);
    parsed.mistakes.push_back(std::move(finding));
    if (full || parsed.mistakes.size() >= max_mistakes) break;
  }
  return parsed;
}

std::string find_failure(const Expectation& expected, const Ruleset& rules,
                         const SystemInfo& system) {
  const Decision came = evaluate(rules, system, expected.request);
  const Rule* rule = came.rule_index ? &rules.rules()[*came.rule_index] : nullptr;
  const std::string differs = difference(expected, came, rule);
  if (differs.empty()) return {};
  std::string text = printable(expected.request.source) + " " + printable(expected.request.target) +
                     " " + printable(call_name(expected.request)) + ": " + printable(differs);
  for (const std::string& warning : came.warnings) text += "\n  " + printable(warning);
  if (rule == nullptr) return text + "\n  no rule matches\n";
  return text + "\n  by " + printable(rule->where()) + ": " + printable(rule->text()) + "\n";
}

}  // namespace policy
