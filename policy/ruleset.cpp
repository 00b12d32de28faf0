// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/ruleset.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/wire/ascii.hpp"
#include "base/wire/escape.hpp"
#include "policy/fields.hpp"
#include "policy/parse_observer.hpp"
#include "policy/quote.hpp"

namespace policy {
namespace {

// Deeper than anybody writes by hand; a cycle is found before.
constexpr std::size_t max_include_depth = 16;
// Of all files together: files that include each other twice over would else be read for ever.
constexpr std::size_t max_includes = 1000;

// Inside a file of !include-service and of the legacy directory a rule has three columns; these are
// the other two.
struct ServiceColumns {
  std::string service;
  std::string argument;
  bool legacy = false;  // reached by !compat-4.0
};
using Columns = std::optional<ServiceColumns>;

// "$include:x" -> "!include x", '$' -> '@', ',' -> ' ': the old form of a line in the new.
std::string modernise(std::string_view line) {
  constexpr std::string_view old_include = "$include:";
  std::string text(line);
  if (text.starts_with(old_include)) text.replace(0, old_include.size(), "!include ");
  std::replace(text.begin(), text.end(), '$', '@');
  std::replace(text.begin(), text.end(), ',', ' ');
  return text;
}

// A file of the legacy directory: SERVICE, or SERVICE+ARGUMENT.
struct LegacyName {
  std::string file;
  std::string service;
  std::string argument;  // "+..."; "*" for a file of the service alone, which is tried last
};

// nullopt: a file that Qubes 4.0 did not look at either.
std::optional<LegacyName> parse_legacy_name(const std::string& file) {
  if (file.empty() || file.front() == '.') return std::nullopt;
  for (const std::string_view left_over : {".rpmsave", ".rpmnew", ".swp"}) {
    if (file.ends_with(left_over)) return std::nullopt;
  }
  const std::size_t plus = file.find('+');
  LegacyName name{file, file.substr(0, plus), plus == std::string::npos ? "*" : file.substr(plus)};
  const auto legal = [](char c) { return base::wire::is_name_character(c); };
  const auto legal_in_argument = [](char c) {
    return base::wire::is_name_character(c) || c == '+';
  };
  if (name.service.empty() || !std::all_of(name.service.begin(), name.service.end(), legal)) {
    return std::nullopt;
  }
  if (plus != std::string::npos &&
      !std::all_of(name.argument.begin(), name.argument.end(), legal_in_argument)) {
    return std::nullopt;
  }
  return name;
}

bool tried_before(const LegacyName& a, const LegacyName& b) {
  if (a.service != b.service) return a.service < b.service;
  if ((a.argument == "*") != (b.argument == "*")) return b.argument == "*";
  return a.argument < b.argument;
}

// One pass over all files; `rules` grows, the include stack bounds itself.
class Parser {
 public:
  Parser(IncludeSource* includes, ParseObserver* observer)
      : includes_(includes), observer_(observer) {}

  base::Status file(const PolicyFile& file, const Columns& columns);
  std::vector<Rule> take_rules() { return std::move(rules_); }

 private:
  base::Status line(const ParseObserver::Line& line, const Columns& columns);
  base::Status directive(const Fields& words, const std::string& where, const Columns& columns);
  base::Status include(std::string_view path, const std::string& where, const Columns& columns);
  base::Status include_dir(std::string_view path, const std::string& where);
  base::Status compat(const std::string& where);
  base::Status legacy_file(const LegacyName& name);
  base::Status add(base::Result<Rule> rule, const std::string& where);
  base::Status read_usbguard(const Rule& rule);

  IncludeSource* includes_;
  ParseObserver* observer_;
  std::vector<Rule> rules_;
  std::map<std::string, std::shared_ptr<const UsbguardRules>> usbguard_;  // by path
  std::size_t included_ = 0;
  std::vector<std::string> stack_;  // paths being included, outermost first
};

base::Unexpected<base::Error> fail_at(const std::string& where, const std::string& text) {
  return base::fail(where + ": " + text);
}

base::Status Parser::file(const PolicyFile& file, const Columns& columns) {
  std::string_view rest = file.text;
  for (unsigned number = 1; !rest.empty(); ++number) {
    const std::string_view raw = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), raw.size() + 1));
    const std::size_t start = raw.find_first_not_of(white_space);
    if (start == std::string_view::npos || raw[start] == '#') continue;
    const std::string text =
        columns ? modernise(raw.substr(start)) : std::string(raw.substr(start));
    const ParseObserver::Line current{.file = file.name,
                                      .number = number,
                                      .raw = raw,
                                      .start = start,
                                      .text = text,
                                      .three_columns = columns.has_value()};
    auto parsed = line(current, columns);
    if (parsed) continue;
    if (observer_ == nullptr || !observer_->mistake(current, parsed.error().text)) return parsed;
  }
  return base::Ok{};
}

base::Status Parser::line(const ParseObserver::Line& line, const Columns& columns) {
  const std::string where = line.file + ":" + std::to_string(line.number);
  if (line.text.front() == '!') return directive(split_fields(line.text), where, columns);
  const std::string whole =
      columns ? columns->service + " " + columns->argument + " " + line.text : line.text;
  auto added = add(parse_rule(whole, line.file, line.number), where);
  if (added && observer_ != nullptr) observer_->rule(line, rules_.back());
  return added;
}

base::Status Parser::add(base::Result<Rule> rule, const std::string& where) {
  if (!rule) return fail_at(where, rule.error().text);
  if (rules_.size() >= Ruleset::max_rules) {
    return fail_at(where, "more than " + std::to_string(Ruleset::max_rules) + " rules in all");
  }
  if (auto read = read_usbguard(*rule); !read) return fail_at(where, read.error().text);
  rules_.push_back(*std::move(rule));
  return base::Ok{};
}

base::Status Parser::read_usbguard(const Rule& rule) {
  if (!rule.conditions || rule.conditions->usbguard_file().empty()) return base::Ok{};
  const std::string& path = rule.conditions->usbguard_file();
  std::shared_ptr<const UsbguardRules>& known = usbguard_[path];
  if (!known) {
    if (includes_ == nullptr) return base::fail("not a file: " + base::wire::escape(path));
    const auto file = includes_->file(path);
    if (!file) return base::Unexpected{file.error()};
    auto rules = UsbguardRules::parse(file->text, base::wire::escape(file->name));
    if (!rules) return base::Unexpected{rules.error()};
    known = std::make_shared<const UsbguardRules>(*std::move(rules));
  }
  rule.conditions->use(known);
  return base::Ok{};
}

base::Status Parser::directive(const Fields& words, const std::string& where,
                               const Columns& columns) {
  const std::string_view name = words.front();
  const std::size_t parameters = words.size() - 1;
  if (columns && columns->legacy && name == "!compat-4.0") {
    return fail_at(where, "!compat-4.0 is not recursive");
  }
  // Inside a file of !include-service nothing but a plain include is a directive.
  const bool known =
      name == "!include" ||
      (!columns && (name == "!include-dir" || name == "!include-service" || name == "!compat-4.0"));
  if (!known) return fail_at(where, "invalid directive");
  const std::size_t wanted = name == "!include-service" ? 3 : name == "!compat-4.0" ? 0 : 1;
  if (parameters != wanted) return fail_at(where, "invalid number of params");
  if (name == "!include") return include(words[1], where, columns);
  if (name == "!include-dir") return include_dir(words[1], where);
  if (name == "!compat-4.0") return compat(where);
  if (auto checked = check_service(words[1], words[2]); !checked) {
    return fail_at(where, checked.error().text);
  }
  return include(
      words[3], where,
      ServiceColumns{.service = std::string(words[1]), .argument = std::string(words[2])});
}

base::Status Parser::include(std::string_view path, const std::string& where,
                             const Columns& columns) {
  if (includes_ == nullptr) return fail_at(where, "not a file: " + base::wire::escape(path));
  const std::string key(path);
  if (std::find(stack_.begin(), stack_.end(), key) != stack_.end()) {
    return fail_at(where, std::string(include_cycle) + quote(path) + " includes itself");
  }
  if (stack_.size() >= max_include_depth) {
    return fail_at(where, "includes are nested deeper than " + std::to_string(max_include_depth));
  }
  if (++included_ > max_includes) {
    return fail_at(where, "more than " + std::to_string(max_includes) + " includes in all");
  }
  const auto included = includes_->file(key);
  if (!included) return fail_at(where, included.error().text);
  stack_.push_back(key);
  auto parsed = file(*included, columns);
  stack_.pop_back();
  return parsed;
}

base::Status Parser::include_dir(std::string_view path, const std::string& where) {
  if (includes_ == nullptr) return fail_at(where, "not a directory: " + base::wire::escape(path));
  const auto files = includes_->directory(std::string(path));
  if (!files) return fail_at(where, files.error().text);
  for (const std::string& name : *files) {
    if (auto parsed = include(name, where, {}); !parsed) return parsed;
  }
  return base::Ok{};
}

base::Status Parser::compat(const std::string& where) {
  if (includes_ == nullptr) return fail_at(where, "!compat-4.0 has no legacy directory here");
  const auto files = includes_->legacy_names();
  if (!files) return fail_at(where, files.error().text);
  std::vector<LegacyName> names;
  for (const std::string& file : *files) {
    if (auto name = parse_legacy_name(file)) names.push_back(*std::move(name));
  }
  std::sort(names.begin(), names.end(), tried_before);
  for (const LegacyName& name : names) {
    if (++included_ > max_includes) {
      return fail_at(where, "more than " + std::to_string(max_includes) + " includes in all");
    }
    if (auto parsed = legacy_file(name); !parsed) return parsed;
  }
  return base::Ok{};
}

base::Status Parser::legacy_file(const LegacyName& name) {
  const auto text = includes_->legacy_file(name.file);
  if (!text) return base::Unexpected{text.error()};
  const ServiceColumns columns{.service = name.service, .argument = name.argument, .legacy = true};
  if (auto parsed = file(*text, columns); !parsed) return parsed;
  if (name.argument == "*") return base::Ok{};
  // A file of an argument was all that counted for it: what it does not allow is denied.
  for (const char* target : {"@anyvm", "@adminvm"}) {
    auto added = add(parse_rule(name.service + " " + name.argument + " @anyvm " + target + " deny",
                                name.file, 0),
                     name.file);
    if (!added) return added;
  }
  return base::Ok{};
}

}  // namespace

base::Result<Ruleset> parse_policy(const std::vector<PolicyFile>& files, IncludeSource* includes) {
  Parser parser(includes, nullptr);
  for (const PolicyFile& file : files) {
    if (auto parsed = parser.file(file, {}); !parsed) return base::Unexpected{parsed.error()};
  }
  return Ruleset(parser.take_rules());
}

void observe_policy(const std::vector<PolicyFile>& files, IncludeSource* includes,
                    ParseObserver& observer, RuleForm form) {
  Parser parser(includes, &observer);
  Columns columns;
  if (form == RuleForm::three_columns) columns = ServiceColumns{.service = "*", .argument = "*"};
  for (const PolicyFile& file : files) {
    if (!parser.file(file, columns)) return;  // the observer has seen enough
  }
}

}  // namespace policy
