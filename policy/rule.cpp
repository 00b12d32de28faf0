// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/rule.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <utility>
#include <vector>

#include "base/wire/ascii.hpp"
#include "base/wire/escape.hpp"
#include "policy/fields.hpp"
#include "policy/quote.hpp"

namespace policy {
namespace {

constexpr std::size_t fixed_fields = 5;

using Parameters = std::map<std::string, std::string, std::less<>>;

std::optional<Action> parse_action(std::string_view text) {
  if (text == "allow") return Action::allow;
  if (text == "deny") return Action::deny;
  if (text == "ask") return Action::ask;
  return std::nullopt;
}

const char* title(Action action) {
  switch (action) {
    case Action::allow:
      return "Allow";
    case Action::deny:
      return "Deny";
    case Action::ask:
      return "Ask";
  }
  return "?";
}

bool legal_parameter(Action action, std::string_view key) {
  if (key == "notify") return true;
  if (key == "target" || key == "user" || key == "autostart") return action != Action::deny;
  if (key == "default_target" || key == "timeout") return action == Action::ask;
  if (Conditions::knows(key)) return true;
  return action != Action::deny && (InputHandling::knows(key) || DeviceTerms::knows(key));
}

base::Status check_yes_no(const Parameters& parameters, std::string_view key) {
  const auto found = parameters.find(key);
  if (found == parameters.end() || found->second == "yes" || found->second == "no") {
    return base::Ok{};
  }
  return base::fail("'" + std::string(key) + "' is " + quote(found->second) +
                    ", but can be only 'yes' or 'no'");
}

base::Result<Parameters> parse_parameters(Action action, const Fields& words) {
  Parameters parameters;
  std::string all;
  for (const std::string_view word : words) {
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) {
      return base::fail("invalid action parameter syntax: " + quote(word));
    }
    const std::string_view key = word.substr(0, equals);
    if (!parameters.emplace(key, word.substr(equals + 1)).second) {
      return base::fail("parameter given twice: " + quote(key));
    }
    all += (all.empty() ? "" : ", ") + quote(word);
  }
  for (const char* key : {"notify", "autostart"}) {
    if (auto checked = check_yes_no(parameters, key); !checked) {
      return base::Unexpected{checked.error()};
    }
  }
  for (const auto& [key, value] : parameters) {
    if (!legal_parameter(action, key)) {
      return base::fail(std::string("invalid parameters for action ") + title(action) + ": [" +
                        all + "]");
    }
  }
  return parameters;
}

// An optional parameter that is a token.
base::Status set_token(std::optional<Token>& into, const Parameters& parameters,
                       std::string_view key) {
  const auto found = parameters.find(key);
  if (found == parameters.end()) return base::Ok{};
  auto token = Token::parse(found->second, Place::redirect);
  if (!token) return base::Unexpected{token.error()};
  into = *std::move(token);
  return base::Ok{};
}

base::Status set_timeout(const Parameters& parameters, Rule& rule) {
  constexpr int most = 3600;
  const auto found = parameters.find("timeout");
  if (found == parameters.end()) return base::Ok{};
  const std::string& text = found->second;
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || seconds < 1 || seconds > most) {
    return base::fail("'timeout' is " + quote(text) + ", but can be only 1 to 3600 (seconds)");
  }
  rule.timeout = std::chrono::seconds(seconds);
  return base::Ok{};
}

base::Status set_conditions(const Parameters& parameters, Rule& rule) {
  for (const auto& [key, value] : parameters) {
    if (!Conditions::knows(key)) continue;
    if (!rule.conditions) rule.conditions = std::make_shared<Conditions>();
    if (auto set = rule.conditions->set(key, value); !set) return set;
  }
  return base::Ok{};
}

base::Status set_input(const Parameters& parameters, Rule& rule) {
  for (const auto& [key, value] : parameters) {
    if (!InputHandling::knows(key)) continue;
    if (!rule.input) rule.input = std::make_shared<InputHandling>();
    if (auto set = rule.input->set(key, value); !set) return set;
  }
  return base::Ok{};
}

base::Status set_terms(const Parameters& parameters, Rule& rule) {
  for (const auto& [key, value] : parameters) {
    if (!DeviceTerms::knows(key)) continue;
    if (!rule.terms) rule.terms = std::make_shared<DeviceTerms>();
    if (auto set = rule.terms->set(key, value); !set) return set;
  }
  return base::Ok{};
}

base::Status apply(const Parameters& parameters, Rule& rule) {
  if (auto set = set_timeout(parameters, rule); !set) return set;
  if (auto set = set_conditions(parameters, rule); !set) return set;
  if (auto set = set_input(parameters, rule); !set) return set;
  if (auto set = set_terms(parameters, rule); !set) return set;
  if (auto set = set_token(rule.redirect, parameters, "target"); !set) return set;
  if (auto set = set_token(rule.default_target, parameters, "default_target"); !set) return set;
  if (const auto user = parameters.find("user"); user != parameters.end()) rule.user = user->second;
  const auto notify = parameters.find("notify");
  rule.notify = notify == parameters.end() ? rule.action == Action::deny : notify->second == "yes";
  const auto autostart = parameters.find("autostart");
  rule.autostart = autostart == parameters.end() || autostart->second == "yes";
  return base::Ok{};
}

// "('/',)" or "('/', '!')": each illegal character once; empty when all are legal.
std::string illegal_characters(std::string_view text, std::string_view also_legal) {
  std::string seen;
  std::string list;
  for (const char c : text) {
    if (base::wire::is_name_character(c) || also_legal.find(c) != std::string_view::npos ||
        seen.find(c) != std::string::npos) {
      continue;
    }
    list += (seen.empty() ? "" : ", ") + quote(std::string_view(&c, 1));
    seen += c;
  }
  if (seen.empty()) return {};
  return "(" + list + (seen.size() == 1 ? ",)" : ")");
}

}  // namespace

base::Status check_service(std::string_view service, std::string_view argument) {
  if (service != "*") {
    if (const std::string bad = illegal_characters(service, ""); !bad.empty()) {
      return base::fail("service " + quote(service) + " contains invalid characters: " + bad);
    }
  }
  if (argument == "*") return base::Ok{};
  if (service == "*") return base::fail("only * argument allowed for * service");
  if (!argument.starts_with('+')) {
    return base::fail("argument " + quote(argument) + " does not start with +");
  }
  if (const std::string bad = illegal_characters(argument, "+"); !bad.empty()) {
    return base::fail("argument " + quote(argument) + " contains invalid characters: " + bad);
  }
  return base::Ok{};
}

base::Result<Rule> parse_rule(std::string_view line, std::string file, unsigned number) {
  const Fields fields = split_fields(line);
  if (fields.size() < fixed_fields) return base::fail("wrong number of fields");
  if (auto checked = check_service(fields[0], fields[1]); !checked) {
    return base::Unexpected{checked.error()};
  }
  auto source = Token::parse(fields[2], Place::source);
  if (!source) return base::Unexpected{source.error()};
  auto target = Token::parse(fields[3], Place::target);
  if (!target) return base::Unexpected{target.error()};
  const auto action = parse_action(fields[4]);
  if (!action) return base::fail("invalid action: " + base::wire::escape(fields[4]));
  const auto parameters =
      parse_parameters(*action, Fields(fields.begin() + fixed_fields, fields.end()));
  if (!parameters) return base::Unexpected{parameters.error()};

  Rule rule{.file = std::move(file),
            .line = number,
            .service = std::string(fields[0]),
            .argument = std::string(fields[1]),
            .source = *std::move(source),
            .target = *std::move(target),
            .action = *action};
  if (auto applied = apply(*parameters, rule); !applied) return base::Unexpected{applied.error()};
  if (rule.action == Action::allow && rule.target.kind() == Token::Kind::default_target &&
      !rule.redirect) {
    return base::fail("allow action for @default rule must specify target= option");
  }
  return rule;
}

std::string Rule::where() const { return file + ":" + (line == 0 ? "None" : std::to_string(line)); }

std::string Rule::text() const {
  std::string out = service + " " + argument + " " + source.text() + " " + target.text() + " ";
  switch (action) {
    case Action::allow:
      out += "allow";
      break;
    case Action::deny:
      out += "deny";
      break;
    case Action::ask:
      out += "ask";
      break;
  }
  if (redirect) out += " target=" + redirect->text();
  if (default_target) out += " default_target=" + default_target->text();
  if (user) out += " user=" + *user;
  if (notify != (action == Action::deny)) out += notify ? " notify=yes" : " notify=no";
  if (!autostart) out += " autostart=no";
  if (timeout) out += " timeout=" + std::to_string(timeout->count());
  if (conditions) out += conditions->text();
  if (input) out += input->written;
  if (terms) out += terms->written;
  return out;
}

bool Rule::matches_call(const SystemInfo& system, const Request& request,
                        const QubeFacts* caller) const {
  return (service == "*" || service == request.service) &&
         (argument == "*" || argument == request.argument) &&
         matches_source(source, system, caller, request.source) &&
         (!conditions || conditions->hold(action, request.device ? &*request.device : nullptr));
}

}  // namespace policy
