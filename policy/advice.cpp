// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/advice.hpp"

#include <optional>
#include <vector>

#include "base/wire/escape.hpp"

namespace policy {
namespace {

using Answer = Decision::Kind;

constexpr std::size_t max_line_shown = 1000;

// Where the new rule goes, in words and as a place among the rules.
struct Spot {
  std::string words;
  std::size_t index = 0;
};

Spot find_spot(const Decided& of, const OwnRules& own) {
  const std::string file = base::wire::escape(own.file, max_line_shown);
  if (!of.decision.rule_index) return {"put into " + file, own.before};
  const std::size_t index = *of.decision.rule_index;
  const Rule& rule = of.rules.rules()[index];
  if (index >= own.before && rule.file != own.file)
    return {"put at the top of " + file, own.before};
  if (rule.line == 0) return {"put into a file whose name comes before all others", 0};
  return {"put into " + base::wire::escape(rule.file, max_line_shown) + ", before line " +
              std::to_string(rule.line),
          index};
}

// Does this line, put there, make it so?
bool would(const Decided& of, const std::string& line, std::size_t index, Answer wanted) {
  auto rule = parse_rule(line, "new", 1);
  if (!rule) return false;
  std::vector<Rule> rules = of.rules.rules();
  rules.insert(rules.begin() + static_cast<std::ptrdiff_t>(index), *std::move(rule));
  const Decision then = evaluate(Ruleset(std::move(rules)), of.system, of.request);
  return then.kind == wanted && then.rule_index == index;
}

// What to try behind the five columns, the shortest first.
std::vector<std::string> parameters_for(const Decided& of, Answer wanted) {
  std::vector<std::string> all{""};
  if (wanted == Answer::deny) return all;
  if (!of.decision.default_target.empty()) all.push_back(of.decision.default_target);
  for (const std::string& target : of.decision.targets) all.push_back(target);
  if (of.decision.effective_target == "@dispvm") {
    for (const auto& [name, qube] : of.system.qubes()) {
      if (qube.template_for_dispvms) all.push_back("@dispvm:" + name);
    }
  }
  for (std::size_t i = 1; i < all.size(); ++i) all[i].insert(0, " target=");
  return all;
}

std::optional<std::string> find_line(const Decided& of, const Spot& spot, Answer wanted) {
  const std::string line = of.request.service + " " + of.request.argument + " " +
                           of.request.source + " " + of.decision.effective_target + " " +
                           std::string(name_of(wanted));
  for (const std::string& parameter : parameters_for(of, wanted)) {
    if (would(of, line + parameter, spot.index, wanted)) return line + parameter;
  }
  // The caller names nobody, so that only the reader knows whom the rule could mean.
  if (wanted == Answer::allow && of.decision.effective_target == "@default") {
    return line + " target=QUBE";
  }
  return std::nullopt;
}

}  // namespace

std::string advise(const Decided& of, const OwnRules& own) {
  if (of.decision.effective_target.empty()) return "No rule was tried, so none changes that.\n";
  if (of.request.source == of.decision.effective_target) {
    return "No rule changes that: a qube cannot call itself.\n";
  }
  const Spot spot = find_spot(of, own);
  struct Wish {
    Answer wanted;
    const char* words;
  };
  std::string text;
  for (const Wish& wish : {Wish{Answer::allow, "To allow it"}, Wish{Answer::ask, "To be asked"},
                           Wish{Answer::deny, "To deny it"}}) {
    if (wish.wanted == of.decision.kind) continue;
    const auto line = find_line(of, spot, wish.wanted);
    if (!line) continue;
    text += std::string(wish.words) + ", " + spot.words + ":\n  " +
            base::wire::escape(*line, max_line_shown) + "\n";
  }
  if (!text.empty()) return text;
  return "No rule alone changes that; the reason above says what is missing.\n";
}

}  // namespace policy
