// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/explain.hpp"

#include "base/wire/escape.hpp"
#include "policy/advice.hpp"
#include "policy/choice.hpp"

namespace policy {
namespace {

constexpr std::size_t max_hidden = 5;

std::string headline(const Decision& decision) {
  switch (decision.kind) {
    case Decision::Kind::allow:
      return "allow, to " + decision.target;
    case Decision::Kind::ask: {
      std::string targets;
      for (const std::string& target : decision.targets) {
        targets += (targets.empty() ? "" : ", ") + target;
      }
      return "ask; to choose from: " + targets;
    }
    case Decision::Kind::deny:
      break;
  }
  return "deny: " + decision.message;
}

// The rules behind the first one that match as well, in their order.
std::string hidden_rules(const Ruleset& rules, const SystemInfo& system, const Request& request,
                         const Decision& decision) {
  const auto target = Token::parse(decision.effective_target, Place::requested);
  if (!target) return {};
  const QubeFacts* caller = system.find(request.source);
  const RequestedTarget requested = look_up(*target, system, caller);
  std::string lines;
  std::size_t found = 0;
  for (std::size_t i = *decision.rule_index + 1; i < rules.rules().size(); ++i) {
    const Rule& rule = rules.rules()[i];
    if (!rule.matches_call(system, request, caller) ||
        !matches_target(rule.target, system, requested)) {
      continue;
    }
    if (++found > max_hidden) return lines + "  ... and more\n";
    lines += "  " + rule.where() + ": " + rule.text() + "\n";
  }
  return lines;
}

}  // namespace

std::string explain(const Ruleset& rules, const SystemInfo& system, const Request& request,
                    const OwnRules& own) {
  const Decision decision = evaluate(rules, system, request);
  const Decided of{.rules = rules, .system = system, .request = request, .decision = decision};
  std::string text = base::wire::escape(headline(decision), 2000) + "\n";
  for (const std::string& warning : decision.warnings) text += base::wire::escape(warning) + "\n";
  if (decision.rule_index) {
    const Rule& rule = rules.rules()[*decision.rule_index];
    text += "by the first rule that matches, " + rule.where() + ":\n  " + rule.text() + "\n";
    const std::string hidden = hidden_rules(rules, system, request, decision);
    if (!hidden.empty()) text += "It hides, in this order:\n" + hidden;
  } else if (!decision.effective_target.empty()) {
    text += "No rule matches: what no rule allows is denied.\n";
  }
  return text + explain_choice(of) + advise(of, own);
}

}  // namespace policy
