// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/evaluator.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/wire/escape.hpp"
#include "policy/ask_targets.hpp"
#include "policy/quote.hpp"

namespace policy {
namespace {

// One call being decided: what every step of it needs.
struct Call {
  const Ruleset& rules;
  const SystemInfo& system;
  const Request& request;
  const QubeFacts& caller;
  const QubeFacts* known;            // the caller, or nullptr if dom0 does not know it
  Token target;                      // as asked for; an unknown qube has become @default
  const QubeFacts* named = nullptr;  // the qube that it names
  std::optional<std::size_t> rule = {};
  bool tried = false;  // the rules
  std::vector<std::string> warnings = {};
};

std::string unknown_target(std::string_view name) {
  return "qrexec: target " + quote(name) + " does not exist, using @default instead";
}

bool is_unknown_qube(const Token& token, const SystemInfo& system) {
  return token.kind() == Token::Kind::name && system.find(token.value()) == nullptr;
}

// "not a template for dispvm: X", or empty when the token needs none or has a good one.
std::string template_problem(const Token& token, const SystemInfo& system) {
  if (token.kind() != Token::Kind::dispvm_template) return {};
  const QubeFacts* dvm = system.find(token.value());
  if (dvm != nullptr && dvm->template_for_dispvms) return {};
  return "not a template for dispvm: " + base::wire::escape(token.value());
}

std::string autostart_problem(const std::string& target) {
  return "target " + base::wire::escape(target) + " is denied because it would require autostart";
}

constexpr const char* loopback = "loopback qrexec connection not supported";

Decision from_rule(const Rule& rule, Decision::Kind kind, const Call& call) {
  Decision decision;
  decision.kind = kind;
  decision.source = call.caller.name;
  decision.user = rule.user.value_or("");
  decision.notify = rule.notify;
  decision.autostart = rule.autostart;
  decision.input = rule.input;
  decision.terms = rule.terms;
  decision.rule = rule.where();
  return decision;
}

Decision decide_allow(const Rule& rule, Call& call) {
  Token target = rule.redirect ? *rule.redirect : call.target;
  const bool unknown = rule.redirect && is_unknown_qube(target, call.system);
  if (unknown) call.warnings.push_back(unknown_target(target.value()));
  if (target.kind() == Token::Kind::default_target || unknown) {
    return deny("policy define 'allow' action at " + rule.where() +
                    " but no target is specified by caller or policy",
                rule.where());
  }
  if (std::string problem = template_problem(target, call.system); !problem.empty()) {
    return deny(std::move(problem), rule.where());
  }
  Decision decision = from_rule(rule, Decision::Kind::allow, call);
  decision.target = resolve(target, call.system, call.caller);
  if (decision.target.empty()) {
    return deny("policy define 'allow' action to @dispvm at " + rule.where() +
                    " but no DispVM base is set for this VM",
                rule.where());
  }
  if (!rule.autostart && needs_start(decision.target, call.system)) {
    Decision denied = deny(autostart_problem(decision.target), rule.where());
    denied.notify = rule.notify;
    return denied;
  }
  // As Qubes: by the name alone. What is written as uuid: is refused when it is connected.
  if (target.text() == call.caller.name) {
    Decision denied = deny(loopback, rule.where());
    denied.target = decision.target;
    return denied;
  }
  return decision;
}

// The targets of an ask, sorted.
base::Result<std::vector<std::string>> ask_targets(const Rule& rule, const Call& call) {
  std::vector<std::string> list;
  if (rule.redirect) {
    // As Qubes, unverified; an answer that names nothing is refused by accept_answer().
    const std::string only = rule.redirect->kind() == Token::Kind::dispvm
                                 ? std::string()
                                 : resolve(*rule.redirect, call.system, call.caller);
    list.push_back(only.empty() ? rule.redirect->text() : only);
  } else {
    auto targets = collect_targets(call.rules, call.system, call.request);
    if (!targets) return base::Unexpected{targets.error()};
    list = *std::move(targets);
  }
  if (!rule.autostart) {
    list.erase(std::remove_if(
                   list.begin(), list.end(),
                   [&call](const std::string& target) { return needs_start(target, call.system); }),
               list.end());
  }
  return list;
}

std::string join(const std::vector<std::string>& list) {
  std::string text;
  for (const auto& item : list) text += (text.empty() ? "" : ", ") + item;
  return text;
}

Decision decide_ask(const Rule& rule, Call& call) {
  if (call.system.find(call.caller.name) == nullptr) {
    return deny("source " + quote(call.caller.name) + " is not a qube of this system",
                rule.where());
  }
  Decision decision = from_rule(rule, Decision::Kind::ask, call);
  decision.timeout = rule.timeout;
  auto targets = ask_targets(rule, call);
  if (!targets) return deny(targets.error().text, rule.where());
  decision.targets = *std::move(targets);
  if (decision.targets.empty()) {
    return deny("policy define 'ask' action at " + rule.where() +
                    " but no target is available to choose from",
                rule.where());
  }
  if (!rule.default_target) return decision;
  // As Qubes: what is written as uuid: is none of the names to choose from.
  const bool by_uuid = rule.default_target->text().find("uuid:") != std::string::npos;
  const std::string preset =
      by_uuid ? std::string() : resolve(*rule.default_target, call.system, call.caller);
  if (std::binary_search(decision.targets.begin(), decision.targets.end(), preset)) {
    decision.default_target = preset;
  } else if (!preset.empty() || rule.default_target->kind() != Token::Kind::dispvm) {
    call.warnings.push_back(
        "warning: policy define default_target=" + base::wire::escape(rule.default_target->text()) +
        " at " + rule.where() + " but it is not among allowed targets (" + join(decision.targets) +
        ")");
  }
  return decision;
}

const Rule* first_match(Call& call) {
  call.tried = true;
  const RequestedTarget target = call.named != nullptr
                                     ? RequestedTarget{.token = call.target, .qube = call.named}
                                     : look_up(call.target, call.system, call.known);
  RulesetIndex::Walk walk = call.rules.index().walk(call.request, call.known);
  for (RulesetIndex::Place place = 0; walk.next(place);) {
    const Rule& rule = call.rules.rules()[place];
    if (rule.matches_call(call.system, call.request, call.known) &&
        matches_target(rule.target, call.system, target)) {
      call.rule = place;
      return &rule;
    }
  }
  return nullptr;
}

Decision decide(Call& call) {
  if (std::string problem = template_problem(call.target, call.system); !problem.empty()) {
    return deny(std::move(problem));
  }
  const Rule* rule = first_match(call);
  if (rule == nullptr) return deny("no matching rule found");
  switch (rule->action) {
    case Action::allow:
      return decide_allow(*rule, call);
    case Action::ask:
      return decide_ask(*rule, call);
    case Action::deny:
      break;
  }
  Decision denied = deny("denied by policy " + rule->where(), rule->where());
  denied.notify = rule->notify;
  return denied;
}

// Why a call in the name of another qube is refused.
std::string relay_problem(const SystemInfo& system, const Request& request) {
  const QubeFacts* remote = system.find(request.requested_source);
  const std::string name = base::wire::escape(request.requested_source);
  if (remote == nullptr || remote->type != "RemoteVM") {
    return name + ": requested source is only authorized for RemoteVM";
  }
  return name + ": calls for a RemoteVM are not supported";
}

Decision denied_ask(const Decision& asked, std::string message) {
  Decision denied = deny(std::move(message), asked.rule);
  denied.source = asked.source;
  denied.rule_index = asked.rule_index;
  denied.effective_target = asked.effective_target;
  return denied;
}

}  // namespace

Decision evaluate(const Ruleset& rules, const SystemInfo& system, const Request& request) {
  if (!request.requested_source.empty()) return deny(relay_problem(system, request));
  const QubeFacts* known = system.find(request.source);
  QubeFacts stranger;
  if (known == nullptr) stranger.name = request.source;
  const QubeFacts* caller = known == nullptr ? &stranger : known;
  auto target = Token::parse(request.target, Place::requested);
  if (!target) return deny(target.error().text);

  Call call{.rules = rules,
            .system = system,
            .request = request,
            .caller = *caller,
            .known = known,
            .target = *std::move(target)};
  if (call.target.kind() == Token::Kind::name) call.named = system.find(call.target.value());
  if (call.target.kind() == Token::Kind::name && call.named == nullptr) {
    call.warnings.push_back(unknown_target(call.target.value()));
    auto fallback = Token::parse("@default", Place::requested);
    if (!fallback) return deny(fallback.error().text);
    call.target = *std::move(fallback);
  }
  Decision decision = decide(call);
  decision.source = caller->name;
  decision.rule_index = call.rule;
  if (call.tried) decision.effective_target = call.target.text();
  decision.warnings = std::move(call.warnings);
  return decision;
}

Decision accept_answer(const Decision& asked, const SystemInfo& system,
                       std::string_view untrusted_answer) {
  const bool offered = asked.kind == Decision::Kind::ask &&
                       std::find(asked.targets.begin(), asked.targets.end(), untrusted_answer) !=
                           asked.targets.end();
  if (!offered) {
    return denied_ask(asked,
                      "target " + base::wire::escape(untrusted_answer) + " is not a valid choice");
  }
  // The prompt may have stood open for long: look at the system as it is now.
  const QubeFacts* caller = system.find(asked.source);
  const auto token = Token::parse(untrusted_answer, Place::requested);
  if (caller == nullptr || !token || resolve(*token, system, *caller) != untrusted_answer) {
    return denied_ask(
        asked, "target " + base::wire::escape(untrusted_answer) + " does not exist (any more)");
  }
  if (untrusted_answer == asked.source) return denied_ask(asked, loopback);
  Decision allowed = asked;
  allowed.kind = Decision::Kind::allow;
  allowed.target = std::string(untrusted_answer);
  allowed.targets.clear();
  allowed.default_target.clear();
  allowed.warnings.clear();
  if (!asked.autostart && needs_start(allowed.target, system)) {
    Decision denied = denied_ask(asked, autostart_problem(allowed.target));
    denied.notify = asked.notify;
    return denied;
  }
  return allowed;
}

Decision refuse_answer(const Decision& asked) {
  Decision denied = denied_ask(asked, "denied by the user " + asked.rule);
  denied.notify = asked.notify;
  return denied;
}

Decision refuse_unasked(const Decision& asked) {
  return denied_ask(asked, "denied for non-interactive ask");
}

}  // namespace policy
