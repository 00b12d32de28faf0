// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/choice.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include "base/wire/escape.hpp"
#include "policy/ask_targets.hpp"

namespace policy {
namespace {

constexpr std::size_t max_shown = 2000;

// For each target the first rule of this call that offers it or takes it away: the one that counts,
// since rules are applied from the last to the first.
std::map<std::string, const Rule*> deciding_rules(const Decided& of) {
  std::map<std::string, const Rule*> deciding;
  const QubeFacts* caller = of.system.find(of.request.source);
  for (const Rule& rule : of.rules.rules()) {
    if (!rule.matches_call(of.system, of.request, caller)) continue;
    Rule alone = rule;  // what it would offer if it were an allow, and alone
    alone.action = Action::allow;
    alone.conditions.reset();  // they hold
    const auto covered = collect_targets(Ruleset({std::move(alone)}), of.system, of.request);
    if (!covered) continue;
    for (const std::string& target : *covered) deciding.emplace(target, &rule);
  }
  return deciding;
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
    text += "  " + base::wire::escape(targets, max_shown) + ": " +
            base::wire::escape(reason, max_shown) + "\n";
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
  const auto deciding = deciding_rules(of);
  std::map<std::string, std::string> offered;
  std::map<std::string, std::string> withheld;
  for (const std::string& target : all_targets(of.system)) {
    const auto found = deciding.find(target);
    const Rule* rule = found == deciding.end() ? nullptr : found->second;
    const bool is_offered =
        std::binary_search(of.decision.targets.begin(), of.decision.targets.end(), target);
    std::string& list = is_offered && rule != nullptr
                            ? offered["by " + rule->where() + ": " + rule->text()]
                            : withheld[why_not(of, target, rule)];
    list += (list.empty() ? "" : ", ") + target;
  }
  std::string text;
  if (!offered.empty()) text += "Offered:\n" + lines_by_reason(offered);
  if (!withheld.empty()) text += "Not offered:\n" + lines_by_reason(withheld);
  return text;
}

}  // namespace policy
