// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/choice.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include "base/wire/escape.hpp"
#include "policy/ask_targets.hpp"

namespace policy {
namespace {

constexpr std::size_t max_reason_shown = 2000;

// The first rules of this call that name a target: those that count, since rules are applied from
// the last to the first.
struct Naming {
  const Rule* any = nullptr;
  // @dispvm and the disposable that it stands for are two targets to a deny, and one to a person.
  const Rule* offering = nullptr;
};

std::map<std::string, Naming> naming_rules(const Decided& of) {
  std::map<std::string, Naming> naming;
  const QubeFacts* caller = of.system.find(of.request.source);
  for (const Rule& rule : of.rules.rules()) {
    if (!rule.matches_call(of.system, of.request, caller)) continue;
    Rule alone = rule;  // what it would offer if it were an allow, and alone
    alone.action = Action::allow;
    alone.conditions.reset();  // they hold
    const auto covered = collect_targets(Ruleset({std::move(alone)}), of.system, of.request);
    if (!covered) continue;
    for (const std::string& target : *covered) {
      Naming& first = naming[target];
      if (first.any == nullptr) first.any = &rule;
      if (first.offering == nullptr && rule.action != Action::deny) first.offering = &rule;
    }
  }
  return naming;
}

// All that could be offered at all.
std::vector<std::string> all_targets(const SystemInfo& system) {
  std::vector<std::string> all;
  for (const auto& [name, qube] : system.qubes()) {
    all.push_back(name);
    if (qube.template_for_dispvms) all.push_back(std::string(dispvm_prefix) + name);
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::string why_not(const Decided& of, const std::string& target, const Rule* rule) {
  const Rule& asks = of.rules.rules()[*of.decision.rule_index];
  const std::string name =
      target.starts_with(dispvm_prefix) ? target.substr(dispvm_prefix.size()) : target;
  const QubeFacts* qube = of.system.find(name);
  if (target == of.decision.source) return "is the caller itself";
  if (qube != nullptr && qube->internal) return "internal, never offered";
  if (rule == nullptr) return "no rule of this call allows or asks for it";
  if (rule->action == Action::deny) return "denied by " + rule->where();
  if (!asks.autostart && needs_start(target, of.system)) {
    return "would have to be started, and " + asks.where() + " says autostart=no";
  }
  return "named by " + rule->where() + ", but not offered";
}

std::string lines_by_reason(const std::map<std::string, std::string>& by_reason) {
  std::string text;
  for (const auto& [reason, targets] : by_reason) {
    text += "  " + base::wire::escape(targets, max_reason_shown) + ": " +
            base::wire::escape(reason, max_reason_shown) + "\n";
  }
  return text;
}

}  // namespace

std::string explain_choice(const Decided& of) {
  if (!of.decision.rule_index) return {};
  const Rule& asks = of.rules.rules()[*of.decision.rule_index];
  if (asks.action != Action::ask) return {};
  if (asks.redirect) {
    return "There is no other choice: the rule says target=" +
           base::wire::escape(asks.redirect->text()) + ".\n";
  }
  auto naming = naming_rules(of);
  std::map<std::string, std::string> offered;
  std::map<std::string, std::string> withheld;
  for (const std::string& target : all_targets(of.system)) {
    const Naming& by = naming[target];
    const bool is_offered =
        std::binary_search(of.decision.targets.begin(), of.decision.targets.end(), target);
    std::string& list = is_offered && by.offering != nullptr
                            ? offered["by " + by.offering->where() + ": " + by.offering->text()]
                            : withheld[why_not(of, target, by.any)];
    list += (list.empty() ? "" : ", ") + target;
  }
  std::string text;
  if (!offered.empty()) text += "Offered:\n" + lines_by_reason(offered);
  if (!withheld.empty()) text += "Not offered:\n" + lines_by_reason(withheld);
  return text;
}

}  // namespace policy
