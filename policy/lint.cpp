// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/lint.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "base/wire/ascii.hpp"
#include "policy/known_services.hpp"
#include "policy/lint_hints.hpp"
#include "policy/lint_oddity.hpp"
#include "policy/near_word.hpp"
#include "policy/rule_cover.hpp"

namespace policy {
namespace {

using Severity = Finding::Severity;

constexpr std::size_t max_line_kept = 400;
// Apart, so that however many warnings there are, a mistake is named.
constexpr std::size_t max_errors = max_findings / 2;
constexpr std::size_t max_warnings = max_findings / 2;

// Where a rule that parsed stands, for what can only be said when all are known.
struct RulePlace {
  std::string raw;
  std::size_t start = 0;
  std::size_t length = 1;
  std::size_t service_length = 1;
  bool three_columns = false;
};

// "90-default.policy": what a distribution ships to be overridden by files before it.
bool is_default(std::string_view file) {
  const std::string_view name = file.substr(file.rfind('/') + 1);
  return name.size() > 2 && name[0] == '9' && base::wire::is_digit(name[1]) && name[2] == '-';
}

class Linter : public ParseObserver {
 public:
  explicit Linter(const LintOptions& options) : options_(options) {}

  void rule(const Line& line, const Rule& rule) override {
    note_file(line.file);
    if (warnings_ < max_warnings) look_at(line, rule);
    keep(line, rule);
  }

  bool mistake(const Line& line, const std::string& text) override {
    note_file(line.file);
    const std::string where = line.file + ":" + std::to_string(line.number) + ": ";
    const std::string bare = text.starts_with(where) ? text.substr(where.size()) : text;
    for (Remark& remark : find_mistakes(line, bare)) add(line, Severity::error, std::move(remark));
    return errors_ < max_errors;
  }

  LintReport finish() {
    report_.rules = rules_.size();
    name_hidden_rules();
    name_services_in_other_case();
    name_empty_choices();
    std::stable_sort(report_.findings.begin(), report_.findings.end(),
                     [this](const Finding& a, const Finding& b) {
                       return std::tuple(order_[a.file], a.line, a.column) <
                              std::tuple(order_[b.file], b.line, b.column);
                     });
    report_.complete = errors_ < max_errors && warnings_ < max_warnings;
    return std::move(report_);
  }

 private:
  void look_at(const Line& line, const Rule& rule) {
    for (Remark& remark : find_oddities(line, rule, options_.system)) {
      add(line, Severity::warning, std::move(remark));
    }
  }

  void keep(const Line& line, const Rule& rule) {
    std::size_t length = line.text.size();
    while (length > 1 && (line.text[length - 1] == '\r' || line.text[length - 1] == ' ')) --length;
    rules_.push_back(rule);
    places_.push_back({.raw = std::string(line.raw.substr(0, max_line_kept)),
                       .start = line.start,
                       .length = length,
                       .service_length = rule.service.size(),
                       .three_columns = line.three_columns});
  }

  void note_file(const std::string& file) { order_.try_emplace(file, order_.size()); }

  void add(Finding finding, std::string_view raw) {
    const bool error = finding.severity == Severity::error;
    if (error ? errors_ >= max_errors : warnings_ >= max_warnings) return;
    // A file that is included twice is wrong only once.
    if (!told_.emplace(finding.file, finding.line, finding.column, finding.text).second) return;
    (error ? errors_ : warnings_) += 1;
    set_excerpt(finding, raw);
    report_.findings.push_back(std::move(finding));
  }

  void add(const Line& line, Severity severity, Remark remark) {
    add({.severity = severity,
         .file = line.file,
         .line = line.number,
         .column = line.start + remark.offset + 1,
         .length = remark.length,
         .text = std::move(remark.text)},
        line.raw);
  }

  void warn(std::size_t rule, std::size_t length, std::string text) {
    const RulePlace& place = places_[rule];
    add({.severity = Severity::warning,
         .file = rules_[rule].file,
         .line = rules_[rule].line,
         .column = place.start + 1,
         .length = length,
         .text = std::move(text)},
        place.raw);
  }

  void name_hidden_rules() {
    const auto hidden = find_hidden(rules_, options_.system);
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      if (!hidden[i]) continue;
      const Rule& first = rules_[*hidden[i]];
      const Rule& rule = rules_[i];
      // What a package ships is there to be overridden.
      if (first.file != rule.file && is_default(rule.file)) continue;
      warn(i, places_[i].length, describe_hidden(first, rule));
    }
  }

  std::string describe_hidden(const Rule& first, const Rule& rule) const {
    const std::string where = base_where(first, rule);
    if (first.text() == rule.text()) return "says again what stands at " + where;
    std::string text = "can never match: " + quote_word(first.text()) + " at " + where;
    text += first.service == "*" && first.action == Action::deny
                ? " stands before it and denies all"
                : " stands before it and covers it";
    const Token& offered = rule.redirect ? *rule.redirect : rule.target;
    const bool only_choice = rule.action != Action::deny &&
                             (first.redirect || !covers(first.target, offered, options_.system));
    if (only_choice) {
      text += "; it only adds " + quote_word(offered.text()) + " to what an ask offers";
    }
    return text;
  }

  static std::string base_where(const Rule& first, const Rule& rule) {
    return first.file == rule.file ? "line " + std::to_string(first.line)
                                   : quote_word(first.file) + ":" + std::to_string(first.line);
  }

  void name_services_in_other_case() {
    std::map<std::string, std::string> spelling;  // by lower case: as it is known, or stood first
    for (const std::string_view known : known_services) {
      spelling.emplace(lower_case(known), std::string(known));
    }
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      const std::string& service = rules_[i].service;
      const auto [found, added] = spelling.emplace(lower_case(service), service);
      if (added || found->second == service || places_[i].three_columns) continue;
      warn(i, places_[i].service_length,
           "the service is written " + quote_word(found->second) +
               (std::find(known_services.begin(), known_services.end(), found->second) ==
                        known_services.end()
                    ? " in a rule before"
                    : "") +
               "; large and small letters make different services");
    }
  }

  // `ask` of @default offers what other rules of the service name, and @default is no such thing.
  void name_empty_choices() {
    std::unordered_map<std::string, bool> offering;  // services with a rule that names a target
    for (const Rule& rule : rules_) {
      const bool names = rule.redirect || rule.target.kind() != Token::Kind::default_target;
      if (rule.action != Action::deny && names) offering[rule.service] = true;
    }
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      const Rule& rule = rules_[i];
      if (rule.action != Action::ask || rule.redirect || rule.service == "*" ||
          rule.target.kind() != Token::Kind::default_target || offering.contains(rule.service) ||
          offering.contains("*")) {
        continue;
      }
      warn(i, places_[i].length,
           "there is nothing to choose from, so this denies: no rule allows or asks for a qube by "
           "this service; write target=QUBE, or a rule of the qubes that may be chosen");
    }
  }

  const LintOptions& options_;
  LintReport report_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
  std::vector<Rule> rules_;
  std::vector<RulePlace> places_;
  std::map<std::string, std::size_t> order_;  // of files, as they were read
  std::set<std::tuple<std::string, unsigned, std::size_t, std::string>> told_;
};

}  // namespace

LintReport lint(const std::vector<PolicyFile>& files, const LintOptions& options) {
  Linter linter(options);
  observe_policy(files, options.includes, linter, options.form);
  return linter.finish();
}

}  // namespace policy
