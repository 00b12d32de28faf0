// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/explain.hpp"

#include "base/wire/escape.hpp"
#include "policy/advice.hpp"
#include "policy/choice.hpp"

namespace policy {
namespace {

constexpr std::size_t max_listed = 5;

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

// Some of the rules, as lines, in their order.
class RuleList {
 public:
  RuleList(const Ruleset& rules, const SystemInfo& system, const Request& request)
      : rules_(rules.rules()), system_(system), request_(request) {}

  // Those behind the first one that match as well.
  std::string hidden(const Token& target, std::size_t first) const {
    return list(target, first + 1, rules_.size(), [this](const Rule& rule) {
      return rule.matches_call(system_, request_, system_.find(request_.source));
    });
  }
  // Those before it that would match if only their conditions held.
  std::string conditional(const Token& target, std::size_t end) const {
    return list(target, 0, end, [this](const Rule& rule) {
      if (!rule.conditions) return false;
      Rule plain = rule;
      plain.conditions.reset();
      return plain.matches_call(system_, request_, system_.find(request_.source));
    });
  }

 private:
  template <class Wanted>
  std::string list(const Token& target, std::size_t first, std::size_t end, Wanted wanted) const {
    const RequestedTarget requested = look_up(target, system_, system_.find(request_.source));
    std::string lines;
    std::size_t found = 0;
    for (std::size_t i = first; i < end; ++i) {
      const Rule& rule = rules_[i];
      if (!wanted(rule) || !matches_target(rule.target, system_, requested)) continue;
      if (++found > max_listed) return lines + "  ... and more\n";
      lines += "  " + rule.where() + ": " + rule.text() + "\n";
    }
    return lines;
  }

  const std::vector<Rule>& rules_;
  const SystemInfo& system_;
  const Request& request_;
};

}  // namespace

std::string explain(const Ruleset& rules, const SystemInfo& system, const Request& request,
                    const OwnRules& own) {
  const Decision decision = evaluate(rules, system, request);
  const Decided of{.rules = rules, .system = system, .request = request, .decision = decision};
  std::string text = base::wire::escape(headline(decision), 2000) + "\n";
  for (const std::string& warning : decision.warnings) text += base::wire::escape(warning) + "\n";
  const RuleList list(rules, system, request);
  const auto target = Token::parse(decision.effective_target, Place::requested);
  const std::size_t end = decision.rule_index.value_or(rules.rules().size());
  if (decision.rule_index) {
    const Rule& rule = rules.rules()[end];
    text += "by the first rule that matches, " + rule.where() + ":\n  " + rule.text() + "\n";
    const std::string hidden = target ? list.hidden(*target, end) : std::string();
    if (!hidden.empty()) text += "It hides, in this order:\n" + hidden;
  } else if (!decision.effective_target.empty()) {
    text += "No rule matches: what no rule allows is denied.\n";
  }
  const std::string conditional =
      target && !decision.effective_target.empty() ? list.conditional(*target, end) : std::string();
  if (!conditional.empty()) {
    text += request.device
                ? "Their conditions do not hold for the device that is there now:\n"
                : "Their conditions do not hold, as nothing is known of a device here:\n";
    text += conditional;
  }
  return text + explain_choice(of) + advise(of, own);
}

}  // namespace policy
