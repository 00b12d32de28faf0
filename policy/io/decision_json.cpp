// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/io/decision_json.hpp"

#include "policy/ask_targets.hpp"

namespace policy::io {

std::string text_of(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

namespace {

namespace json = boost::json;

bool flag_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->as_bool();
}

QubeFacts parse_facts(std::string name, const json::object& domain) {
  QubeFacts facts;
  facts.name = std::move(name);
  facts.type = text_of(domain, "type");
  const json::value* tags = domain.if_contains("tags");
  if (tags != nullptr && tags->is_array()) {
    for (const json::value& tag : tags->as_array()) {
      if (tag.is_string()) facts.tags.emplace_back(tag.as_string());
    }
  }
  facts.running = text_of(domain, "power_state") == "Running";
  facts.internal = flag_of(domain, "internal");
  facts.template_for_dispvms = flag_of(domain, "template_for_dispvms");
  facts.default_dispvm = text_of(domain, "default_dispvm");
  facts.icon = text_of(domain, "icon");
  facts.uuid = text_of(domain, "uuid");
  return facts;
}

std::string_view name_of(Action action) {
  switch (action) {
    case Action::allow:
      return "allow";
    case Action::deny:
      return "deny";
    case Action::ask:
      return "ask";
  }
  return "?";
}

json::object describe_rule(const Rule& rule) {
  json::object params;
  if (rule.action != Action::deny) params["autostart"] = rule.autostart;
  if (rule.default_target) params["default_target"] = rule.default_target->text();
  params["notify"] = rule.notify;
  if (rule.redirect) params["target"] = rule.redirect->text();
  if (rule.user) params["user"] = *rule.user;
  if (rule.timeout) params["timeout"] = rule.timeout->count();
  if (rule.input) params["input"] = rule.input->written.substr(1);
  if (rule.conditions) params["conditions"] = rule.conditions->text().substr(1);
  return {{"action", name_of(rule.action)},
          {"argument", rule.argument},
          {"file", rule.file},
          {"line", rule.line == 0 ? json::value(nullptr) : json::value(rule.line)},
          {"params", std::move(params)},
          {"service", rule.service},
          {"source", rule.source.text()},
          {"target", rule.target.text()}};
}

// A decision and what it was made from.
struct Context {
  const SystemInfo& system;
  const Decision& decision;
  const Rule* rule;
};

// A decision names qubes; Qubes' evaluator keeps a target as it was written, such as "uuid:...".
std::string as_written(const Context& of, const std::string& resolved) {
  const std::string& text = of.rule != nullptr && of.rule->redirect ? of.rule->redirect->text()
                                                                    : of.decision.effective_target;
  return text.find("uuid:") != std::string::npos ? text : resolved;
}

// What the policy daemon tells qrexec's.
json::array response(const Context& of, const std::string& target) {
  constexpr std::string_view disposable = "@dispvm:";
  json::array lines;
  const std::string user = of.decision.user.empty() ? "DEFAULT" : of.decision.user;
  lines.emplace_back("user=" + user);
  lines.emplace_back("result=allow");
  lines.emplace_back("target=" + target);
  const bool dispvm = target.starts_with(disposable);
  const QubeFacts* qube = of.system.find(dispvm ? target.substr(disposable.size()) : target);
  if (qube != nullptr && qube->name != "dom0" && !qube->uuid.empty()) {
    lines.emplace_back("target_uuid=" + std::string(dispvm ? disposable : "") +
                       "uuid:" + qube->uuid);
  }
  lines.emplace_back(std::string("autostart=") + (of.decision.autostart ? "True" : "False"));
  lines.emplace_back("requested_target=" + of.decision.effective_target);
  return lines;
}

void describe_common(json::object& out, const Context& of, const Request& request) {
  if (!of.decision.effective_target.empty()) {
    out["effective_source"] = request.source;
    out["effective_target"] = of.decision.effective_target;
    out["rule"] = of.rule != nullptr ? json::value(describe_rule(*of.rule)) : json::value(nullptr);
  }
  out["notify"] = of.decision.notify;
  if (of.decision.warnings.empty()) return;
  json::array warnings;
  for (const std::string& warning : of.decision.warnings) warnings.emplace_back(warning);
  out["warnings"] = std::move(warnings);
}

// What an allow would mean, or does.
void describe_meaning(json::object& out, const Context& of) {
  out["autostart"] = of.rule->autostart;
  out["user"] = of.rule->user ? json::value(*of.rule->user) : json::value(nullptr);
}

void describe_kind(json::object& out, const Context& of) {
  const Decision& decision = of.decision;
  switch (decision.kind) {
    case Decision::Kind::deny:
      out["decision"] = "deny";
      out["kind"] = "denied";
      out["message"] = decision.message;
      if (decision.target.empty()) return;
      describe_meaning(out, of);
      out["resolved_target"] = as_written(of, decision.target);
      return;
    case Decision::Kind::allow:
      out["decision"] = "allow";
      describe_meaning(out, of);
      out["resolved_target"] = as_written(of, decision.target);
      out["response"] = response(
          of, decision.target == "dom0" ? decision.target : as_written(of, decision.target));
      return;
    case Decision::Kind::ask:
      break;
  }
  out["decision"] = "ask";
  describe_meaning(out, of);
  out["default_target"] =
      decision.default_target.empty() ? json::value(nullptr) : json::value(decision.default_target);
  json::array targets;
  for (const std::string& target : decision.targets) {
    targets.emplace_back(of.rule->redirect ? as_written(of, target) : target);
  }
  out["targets_for_ask"] = std::move(targets);
}

const Rule* rule_of(const Ruleset& rules, const Decision& decision) {
  return decision.rule_index ? &rules.rules()[*decision.rule_index] : nullptr;
}

}  // namespace

base::Result<SystemInfo> parse_system_info(std::string_view text) {
  json::error_code error;
  const json::value parsed = json::parse(text, error);
  const json::value* domains =
      !error && parsed.is_object() ? parsed.as_object().if_contains("domains") : nullptr;
  if (domains == nullptr || !domains->is_object()) {
    return base::fail("system info is not JSON of the form {\"domains\": {NAME: {...}}}" +
                      (error ? ": " + error.message() : std::string()));
  }
  SystemInfo system;
  for (const auto& [name, value] : domains->as_object()) {
    if (value.is_object()) system.add(parse_facts(std::string(name), value.as_object()));
  }
  return system;
}

json::object describe_decision(const Ruleset& rules, const SystemInfo& system,
                               const Request& request, std::string_view call,
                               const std::optional<std::string>& answer) {
  json::object out;
  const auto token = Token::parse(request.target, Place::requested);
  if (!token) out = describe_unusable("<unknown>:0: " + token.error().text);
  out["call"] = call;
  out["source"] = request.source;
  out["target"] = request.target;
  if (!token) return out;
  const Decision decision = evaluate(rules, system, request);
  const Context of{.system = system, .decision = decision, .rule = rule_of(rules, decision)};
  describe_common(out, of, request);
  describe_kind(out, of);
  if (!request.requested_source.empty()) out["kind"] = "request";
  if (!answer || decision.kind != Decision::Kind::ask) return out;
  const Decision answered =
      *answer == "deny" ? refuse_answer(decision) : accept_answer(decision, system, *answer);
  if (answered.kind == Decision::Kind::allow) {
    const Context then{.system = system, .decision = answered, .rule = of.rule};
    out["after_answer"] = response(then, answered.target);
  } else {
    out["decision"] = "deny";
    out["kind"] = "denied";
    out["message"] = answered.message;
    out["notify"] = answered.notify;
  }
  return out;
}

json::object describe_unusable(std::string_view message) {
  const bool cycle = message.find(include_cycle) != std::string_view::npos;
  return {{"decision", cycle ? "deny" : "error"}, {"kind", "syntax"}, {"message", message}};
}

}  // namespace policy::io
