// SPDX-License-Identifier: GPL-2.0-or-later
// Calls with the same rules but for the service's name are compared once, and not at all when both
// policies have the same rules for them: a policy of 500 services is mostly that.
#include "policy/policy_diff.hpp"

#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "policy/call_space.hpp"

namespace policy {
namespace {

using Rules = std::vector<const Rule*>;
using Match = std::optional<std::size_t>;  // a place among the rules of a call

// A change between two rules of a call, whichever service it is.
struct Pattern {
  std::size_t calls = 0;
  std::set<std::string> sources = {};
  std::set<std::string> targets = {};
  std::vector<ChangedCall> examples = {};  // without service
};
using PatternKey = std::tuple<Match, Match, std::string, std::string>;
using Patterns = std::map<PatternKey, Pattern>;

// What differs between two decisions of one kind; empty: nothing that anybody would notice.
std::string difference(const Decision& a, const Decision& b) {
  std::string text;
  const auto note = [&text](bool differs, const char* what) {
    if (differs) text += std::string(text.empty() ? "other " : ", other ") + what;
  };
  const bool denied = a.kind == Decision::Kind::deny;
  note(!denied && a.target != b.target, "target");
  note(a.targets != b.targets, "choice");
  note(a.default_target != b.default_target, "default_target");
  note(!denied && a.user != b.user, "user");
  note(!denied && a.autostart != b.autostart, "autostart");
  note(!denied && handling_of(a) != handling_of(b), "input");
  note(a.notify != b.notify, "notify");
  return text;
}

// Source, target, action and parameters: what is left of a rule whose call is known.
std::string without_call(const Rule& rule) {
  const std::string text = rule.text();
  return text.substr(rule.service.size() + 1 + rule.argument.size() + 1);
}

std::string signature(const Rules& rules) {
  std::string text;
  for (const Rule* rule : rules) text += without_call(*rule) + "\n";
  return text;
}

Ruleset copy(const Rules& rules) {
  std::vector<Rule> copies;
  copies.reserve(rules.size());
  for (const Rule* rule : rules) copies.push_back(*rule);
  return Ruleset(std::move(copies));
}

// One call, in both policies.
class Comparison {
 public:
  Comparison(const Rules& before, const Rules& after, const QubeSpace& space, const CallName& call)
      : before_(copy(before)), after_(copy(after)), space_(space), call_(call) {
    for (const Rule& rule : before_.rules()) texts_before_.push_back(without_call(rule));
    for (const Rule& rule : after_.rules()) texts_after_.push_back(without_call(rule));
  }

  Patterns compare() {
    for (const std::string& source : space_.sources) compare_source(source);
    return std::move(patterns_);
  }

 private:
  void compare_source(const std::string& source) {
    CallDecisions before(before_, space_, call_, source);
    CallDecisions after(after_, space_, call_, source);
    for (std::size_t i = 0; i < space_.targets.size(); ++i) {
      if (space_.targets[i].text() == source) continue;
      const Match old_rule = before.match(i);
      const Match new_rule = after.match(i);
      if (same_for_sure(old_rule, new_rule)) continue;
      note(source, i, {before.decide(i, old_rule), old_rule},
           {after.decide(i, new_rule), new_rule});
    }
  }

  // An ask offers what all rules of the call make of it, so its own text is not enough.
  bool same_for_sure(Match old_rule, Match new_rule) const {
    if (!old_rule || !new_rule) return !old_rule && !new_rule;
    const Rule& rule = before_.rules()[*old_rule];
    return (rule.action != Action::ask || rule.redirect) &&
           texts_before_[*old_rule] == texts_after_[*new_rule];
  }

  struct Made {
    const Decision& decision;
    Match rule;
  };

  void note(const std::string& source, std::size_t target, const Made& old, const Made& now) {
    const std::string differs =
        old.decision.kind == now.decision.kind ? difference(old.decision, now.decision) : "kind";
    if (differs.empty()) return;
    std::string after(name_of(now.decision.kind));
    if (differs != "kind") after += " (" + differs + ")";
    Pattern& pattern =
        patterns_[{old.rule, now.rule, std::string(name_of(old.decision.kind)), after}];
    const std::string& asked = space_.targets[target].text();
    ++pattern.calls;
    pattern.sources.insert(source);
    pattern.targets.insert(asked);
    if (pattern.examples.size() >= PolicyDiff::max_examples) return;
    ChangedCall call{.source = source,
                     .target = asked,
                     .service = {},
                     .before = old.decision,
                     .after = now.decision};
    if (old.decision.kind != now.decision.kind) {  // then nobody compares the choices
      call.before.targets.clear();
      call.after.targets.clear();
    }
    pattern.examples.push_back(std::move(call));
  }

  Ruleset before_;
  Ruleset after_;
  const QubeSpace& space_;
  const CallName& call_;
  std::vector<std::string> texts_before_;
  std::vector<std::string> texts_after_;
  Patterns patterns_;
};

std::string place_of(const Rules& rules, Match match) {
  if (!match) return {};
  const std::string where = rules[*match]->where();
  return where.substr(where.rfind('/') + 1);
}

// The patterns of all calls, by the rules that made them.
class Groups {
 public:
  explicit Groups(PolicyDiff& diff) : diff_(diff) {}

  void add(const CallName& call, const Patterns& patterns, const Rules& before,
           const Rules& after) {
    for (const auto& [key, pattern] : patterns) {
      diff_.calls += pattern.calls;
      ChangeGroup* group = find({.before = std::get<2>(key),
                                 .after = std::get<3>(key),
                                 .rule_before = place_of(before, std::get<0>(key)),
                                 .rule_after = place_of(after, std::get<1>(key))});
      if (group == nullptr) continue;
      group->calls += pattern.calls;
      group->services.insert(call.text);
      group->sources.insert(pattern.sources.begin(), pattern.sources.end());
      group->targets.insert(pattern.targets.begin(), pattern.targets.end());
      for (ChangedCall example : pattern.examples) {
        if (group->examples.size() >= PolicyDiff::max_examples) break;
        example.service = call.text;
        group->examples.push_back(std::move(example));
      }
    }
  }

 private:
  ChangeGroup* find(ChangeGroup fresh) {
    const std::string key =
        fresh.before + "\n" + fresh.after + "\n" + fresh.rule_before + "\n" + fresh.rule_after;
    const auto found = places_.find(key);
    if (found != places_.end()) return &diff_.groups[found->second];
    if (diff_.groups.size() >= PolicyDiff::max_groups) {
      diff_.complete = false;
      return nullptr;
    }
    places_.emplace(key, diff_.groups.size());
    diff_.groups.push_back(std::move(fresh));
    return &diff_.groups.back();
  }

  PolicyDiff& diff_;
  std::unordered_map<std::string, std::size_t> places_;
};

}  // namespace

PolicyDiff compare_policies(const Ruleset& before, const Ruleset& after, const SystemInfo& system) {
  const RulesByCall rules_before(before);
  const RulesByCall rules_after(after);
  const QubeSpace space(system);
  PolicyDiff diff;
  Groups groups(diff);
  std::unordered_map<std::string, Patterns> seen;  // by the rules of both
  for (const CallName& call : named_calls({&before, &after})) {
    const Rules old_rules = rules_before.of(call);
    const Rules new_rules = rules_after.of(call);
    const std::string old_text = signature(old_rules);
    const std::string new_text = signature(new_rules);
    if (old_text == new_text) continue;
    const auto [found, fresh] = seen.try_emplace(old_text + "\v" + new_text);
    if (fresh) found->second = Comparison(old_rules, new_rules, space, call).compare();
    groups.add(call, found->second, old_rules, new_rules);
  }
  return diff;
}

}  // namespace policy
