// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/ask_targets.hpp"

#include <string_view>

namespace policy {
namespace {

constexpr std::string_view dispvm = "@dispvm";

std::string disposable_of(const QubeFacts& dvm) { return std::string(dispvm_prefix) + dvm.name; }

const QubeFacts* default_template(const SystemInfo& system, const QubeFacts& caller) {
  return caller.default_dispvm.empty() ? nullptr : system.find(caller.default_dispvm);
}

// Everything that could be chosen and that `token`, standing as a rule's target, covers. A token
// that stands as a redirect is expanded the same way.
TargetSet expand(const Token& token, const SystemInfo& system, const QubeFacts& caller) {
  TargetSet covered;
  for (const auto& [name, qube] : system.qubes()) {
    if (matches_qube(token, system, qube)) covered.insert(name);
    if (!qube.template_for_dispvms) continue;
    const std::string disposable = disposable_of(qube);
    const auto asked = Token::parse(disposable, Place::requested);
    if (asked && matches_target(token, system, *asked, caller.name)) covered.insert(disposable);
  }
  const auto asked = Token::parse(dispvm, Place::requested);
  if (asked && matches_target(token, system, *asked, caller.name)) covered.emplace(dispvm);
  return covered;
}

// What a rule adds to the choice or takes from it.
const Token& meant(const Rule& rule) {
  return rule.action != Action::deny && rule.redirect ? *rule.redirect : rule.target;
}

void apply_rule(const Rule& rule, const SystemInfo& system, const QubeFacts& caller,
                TargetSet& targets) {
  if (rule.action == Action::deny) {
    for (const auto& target : expand(meant(rule), system, caller)) targets.erase(target);
    return;
  }
  targets.merge(expand(meant(rule), system, caller));
}

}  // namespace

base::Result<TargetSet> collect_targets(const Ruleset& rules, const SystemInfo& system,
                                        const Request& request) {
  TargetSet targets;
  const QubeFacts* caller = system.find(request.source);
  if (caller == nullptr) return targets;
  for (auto rule = rules.rules().rbegin(); rule != rules.rules().rend(); ++rule) {
    if (!rule->matches_call(system, request)) continue;
    const Token& token = meant(*rule);
    if (token.kind() == Token::Kind::dispvm_template && system.find(token.value()) == nullptr) {
      return base::fail("the rule at " + rule->where() + " names " + token.text() +
                        ", which does not exist; mend it");
    }
    apply_rule(*rule, system, *caller, targets);
  }
  if (targets.erase(std::string(dispvm)) > 0) {
    const QubeFacts* dvm = default_template(system, *caller);
    if (dvm != nullptr && dvm->template_for_dispvms) targets.insert(disposable_of(*dvm));
  }
  targets.erase(caller->name);
  for (const auto& [name, qube] : system.qubes()) {
    if (!qube.internal) continue;
    targets.erase(name);
    targets.erase(disposable_of(qube));
  }
  return targets;
}

std::string resolve(const Token& token, const SystemInfo& system, const QubeFacts& caller) {
  const QubeFacts* qube = nullptr;
  switch (token.kind()) {
    case Token::Kind::admin_vm:
      return "dom0";
    case Token::Kind::name:
      qube = system.find(token.value());
      return qube == nullptr ? std::string() : qube->name;
    case Token::Kind::dispvm:
      qube = default_template(system, caller);
      break;
    case Token::Kind::dispvm_template:
      qube = system.find(token.value());
      break;
    case Token::Kind::any:
    case Token::Kind::any_vm:
    case Token::Kind::default_target:
    case Token::Kind::type:
    case Token::Kind::tag:
    case Token::Kind::dispvm_tag:
      return {};
  }
  return qube != nullptr && qube->template_for_dispvms ? disposable_of(*qube) : std::string();
}

bool needs_start(const std::string& target, const SystemInfo& system) {
  const QubeFacts* qube = system.find(target);
  return qube == nullptr || !qube->running;
}

}  // namespace policy
