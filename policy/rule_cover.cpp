// SPDX-License-Identifier: GPL-2.0-or-later
// A rule that covers another has in each column the same word or a wider one, and of those there
// are few: so the columns of earlier rules are looked up, and 20,000 rules take no 20,000 squared
// steps.
#include "policy/rule_cover.hpp"

#include <algorithm>
#include <unordered_map>

namespace policy {
namespace {

using Kind = Token::Kind;
using Words = std::vector<std::string>;

bool dom0_has_tag(const SystemInfo* system, const std::string& tag) {
  const QubeFacts* dom0 = system == nullptr ? nullptr : system->find("dom0");
  return dom0 != nullptr &&
         std::find(dom0->tags.begin(), dom0->tags.end(), tag) != dom0->tags.end();
}

std::string one_name(const std::string& name, const SystemInfo* system) {
  const QubeFacts* qube = system == nullptr ? nullptr : system->find(name);
  return qube == nullptr ? name : qube->name;
}

// The token in one spelling, then all that cover it.
Words covering(const Token& token, const SystemInfo* system) {
  switch (token.kind()) {
    case Kind::any:
      return {"*"};
    case Kind::any_vm:
      return {"@anyvm", "*"};
    case Kind::admin_vm:
      return {"@adminvm", "@type:AdminVM", "*"};
    case Kind::type:
      if (token.value() == "AdminVM") return {"@type:AdminVM", "@adminvm", "*"};
      return {"@type:" + token.value(), "@anyvm", "*"};
    case Kind::tag:
      if (dom0_has_tag(system, token.value())) return {"@tag:" + token.value(), "*"};
      return {"@tag:" + token.value(), "@anyvm", "*"};
    case Kind::default_target:
      return {"@default", "@anyvm", "*"};
    case Kind::dispvm:
      return {"@dispvm", "@anyvm", "*"};
    case Kind::dispvm_template:
      return {"@dispvm:" + one_name(token.value(), system), "@anyvm", "*"};
    case Kind::dispvm_tag:
      return {"@dispvm:@tag:" + token.value(), "@anyvm", "*"};
    case Kind::name:
      return {one_name(token.value(), system), "@anyvm", "*"};
  }
  return {};
}

std::string key_of(const std::string& service, const std::string& argument,
                   const std::string& source, const std::string& target) {
  return service + '\n' + argument + '\n' + source + '\n' + target;
}

Words or_star(const std::string& word) { return word == "*" ? Words{"*"} : Words{word, "*"}; }

}  // namespace

bool covers(const Token& wide, const Token& narrow, const SystemInfo* system) {
  const Words all = covering(narrow, system);
  const Words one = covering(wide, system);
  return std::find(all.begin(), all.end(), one.front()) != all.end();
}

std::vector<std::optional<std::size_t>> find_hidden(const std::vector<Rule>& rules,
                                                    const SystemInfo* system) {
  std::vector<std::optional<std::size_t>> hidden(rules.size());
  std::unordered_map<std::string, std::size_t> first;  // place of the first rule with these columns
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const Rule& rule = rules[i];
    const Words sources = covering(rule.source, system);
    const Words targets = covering(rule.target, system);
    for (const std::string& service : or_star(rule.service)) {
      for (const std::string& argument : or_star(rule.argument)) {
        for (const std::string& source : sources) {
          for (const std::string& target : targets) {
            const auto found = first.find(key_of(service, argument, source, target));
            if (found == first.end()) continue;
            hidden[i] = std::min(hidden[i].value_or(i), found->second);
          }
        }
      }
    }
    if (hidden[i] || rule.conditions) continue;  // a condition may not hold
    first.emplace(key_of(rule.service, rule.argument, sources.front(), targets.front()), i);
  }
  return hidden;
}

}  // namespace policy
