// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/call_space.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace policy {
namespace {

constexpr const char* any_word = "*";

// A name that is in none of them.
template <class Taken>
std::string unused(std::string name, const Taken& taken) {
  while (taken.contains(name)) name += "-x";
  return name;
}

void add_target(std::vector<Token>& targets, const std::string& text) {
  if (auto token = Token::parse(text, Place::requested)) targets.push_back(*std::move(token));
}

}  // namespace

std::vector<CallName> named_calls(const std::vector<const Ruleset*>& policies) {
  std::map<std::string, std::set<std::string>> named;
  for (const Ruleset* policy : policies) {
    for (const Rule& rule : policy->rules()) {
      if (rule.service == any_word) continue;
      std::set<std::string>& arguments = named[rule.service];
      if (rule.argument != any_word) arguments.insert(rule.argument);
    }
  }
  std::vector<CallName> calls;
  for (const auto& [service, arguments] : named) {
    for (const std::string& argument : arguments) {
      calls.push_back({service, argument, argument == "+" ? service : service + argument});
    }
    // Where "+" is not named, no argument is as good as any other that is not.
    calls.push_back({service, unused("+", arguments), service + (arguments.empty() ? "" : "+*")});
  }
  calls.push_back({unused("other.Service", named), "+", any_word});
  return calls;
}

RulesByCall::RulesByCall(const Ruleset& rules) : rules_(rules) {
  for (std::size_t i = 0; i < rules.rules().size(); ++i) {
    by_service_[rules.rules()[i].service].push_back(i);
  }
}

std::vector<const Rule*> RulesByCall::of(const CallName& call) const {
  static const std::vector<std::size_t> none;
  const auto list = [this](const std::string& service) -> const std::vector<std::size_t>& {
    const auto found = by_service_.find(service);
    return found == by_service_.end() ? none : found->second;
  };
  const std::vector<std::size_t>& own = list(call.service);
  const std::vector<std::size_t>& general = list(any_word);
  std::vector<std::size_t> places;
  std::merge(own.begin(), own.end(), general.begin(), general.end(), std::back_inserter(places));
  std::vector<const Rule*> found;
  for (const std::size_t place : places) {
    const Rule& rule = rules_.rules()[place];
    if (rule.argument == any_word || rule.argument == call.argument) found.push_back(&rule);
  }
  return found;
}

QubeSpace::QubeSpace(const SystemInfo& info) : system(info) {
  for (const auto& [name, qube] : info.qubes()) {
    if (name != "dom0") sources.push_back(name);
    add_target(targets, name);
  }
  add_target(targets, "@default");
  add_target(targets, "@dispvm");
  for (const auto& [name, qube] : info.qubes()) {
    if (qube.template_for_dispvms) add_target(targets, std::string(dispvm_prefix) + name);
  }
}

CallDecisions::CallDecisions(const Ruleset& rules, const QubeSpace& space, const CallName& call,
                             const std::string& source)
    : rules_(rules),
      space_(space),
      request_{.source = source, .target = {}, .service = call.service, .argument = call.argument} {
  const QubeFacts* caller = space.system.find(source);
  for (std::size_t i = 0; i < rules.rules().size(); ++i) {
    if (rules.rules()[i].matches_call(space.system, request_, caller)) matching_.push_back(i);
  }
  for (const Token& target : space.targets) {
    targets_.push_back(look_up(target, space.system, caller));
  }
}

std::optional<std::size_t> CallDecisions::match(std::size_t target) const {
  for (const std::size_t place : matching_) {
    if (matches_target(rules_.rules()[place].target, space_.system, targets_[target])) {
      return place;
    }
  }
  return std::nullopt;
}

const Decision& CallDecisions::decide(std::size_t target, std::optional<std::size_t> rule) {
  request_.target = space_.targets[target].text();
  const Rule* decides = rule ? &rules_.rules()[*rule] : nullptr;
  if (decides != nullptr && decides->action == Action::allow && !decides->redirect) {
    single_ = evaluate(rules_, space_.system, request_);
    return *single_;
  }
  const std::size_t key = rule ? *rule + 1 : 0;
  const auto found = shared_.find(key);
  if (found != shared_.end()) return found->second;
  return shared_.emplace(key, evaluate(rules_, space_.system, request_)).first->second;
}

}  // namespace policy
