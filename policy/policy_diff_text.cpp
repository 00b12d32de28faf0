// SPDX-License-Identifier: GPL-2.0-or-later
// A comparison of policies as text for a person.
#include "base/wire/escape.hpp"
#include "policy/policy_diff.hpp"

namespace policy {
namespace {

constexpr std::size_t examples_of_many = 3;

std::string harmless(std::string_view text) { return base::wire::escape(text, 1000); }

std::string few_of(const std::set<std::string>& names) {
  constexpr std::size_t most = 6;
  std::string text;
  std::size_t count = 0;
  for (const std::string& name : names) {
    if (++count > most) return text + " and " + std::to_string(names.size() - most) + " more";
    text += (text.empty() ? "" : ", ") + harmless(name);
  }
  return text;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// What a decision of the same kind as the other is made different by.
std::string details(const Decision& decision, const Decision& other) {
  std::string text;
  const auto add = [&text](const std::string& part) { text += " " + part; };
  if (decision.target != other.target) add("to " + decision.target);
  if (decision.targets != other.targets) add("(" + joined(decision.targets) + ")");
  if (decision.default_target != other.default_target) {
    add("default_target=" + decision.default_target);
  }
  if (decision.user != other.user) add("user=" + decision.user);
  if (handling_of(decision) != handling_of(other)) {
    const std::string handling = handling_of(decision);
    add(handling.empty() ? "input devices as usual" : handling.substr(1));
  }
  if (decision.autostart != other.autostart) {
    add(decision.autostart ? "autostart=yes" : "autostart=no");
  }
  if (decision.notify != other.notify) add(decision.notify ? "notify=yes" : "notify=no");
  return text;
}

std::string rules_of(const ChangeGroup& group) {
  if (!group.rule_after.empty()) return " (" + harmless(group.rule_after) + ")";
  return group.rule_before.empty() ? ""
                                   : " (no rule any more; was " + harmless(group.rule_before) + ")";
}

std::string describe_call(const ChangedCall& call, const ChangeGroup& group) {
  const bool one_kind = call.before.kind == call.after.kind;
  std::string before = group.before;
  std::string after = group.after.substr(0, group.after.find(' '));
  if (one_kind) {
    before += details(call.before, call.after);
    after += details(call.after, call.before);
  } else if (call.after.kind == Decision::Kind::allow && call.after.target != call.target) {
    after += " to " + call.after.target;
  }
  return harmless(call.source) + " -> " + harmless(call.target) + " " + harmless(call.service) +
         ": " + harmless(before) + " -> " + harmless(after) + rules_of(group) + "\n";
}

std::string describe_group(const ChangeGroup& group) {
  std::string text;
  if (group.calls <= group.examples.size()) {
    for (const ChangedCall& call : group.examples) text += describe_call(call, group);
    return text;
  }
  text = harmless(group.before) + " -> " + harmless(group.after) + rules_of(group) + ": " +
         std::to_string(group.calls) + " calls\n  services: " + few_of(group.services) +
         "\n  from:     " + few_of(group.sources) + "\n  to:       " + few_of(group.targets) +
         "\n  such as:\n";
  for (std::size_t i = 0; i < examples_of_many && i < group.examples.size(); ++i) {
    text += "    " + describe_call(group.examples[i], group);
  }
  return text;
}

}  // namespace

std::string describe_diff(const PolicyDiff& diff) {
  std::string text;
  for (const ChangeGroup& group : diff.groups) text += describe_group(group);
  if (!diff.complete) text += "and more: the policies have too little in common to list it all\n";
  return text + (diff.calls == 0
                     ? "no decision changes\n"
                     : std::to_string(diff.calls) +
                           (diff.calls == 1 ? " decision changes\n" : " decisions change\n"));
}

}  // namespace policy
