// SPDX-License-Identifier: GPL-2.0-or-later
// All calls that a policy can tell apart, and their decisions: what graphs and comparisons are made
// from.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "policy/evaluator.hpp"

namespace policy {

// A service with an argument that rules name, or one that stands for all those that none names.
struct CallName {
  std::string service;
  std::string argument;
  // "qubes.USB+2-1"; "qubes.USB+*" for other arguments, "*" for other services
  std::string text;
};

// Sorted. Each service and argument of the policies, each service with an argument that no rule
// names, and a service that no rule names.
std::vector<CallName> named_calls(const std::vector<const Ruleset*>& policies);

// The rules of a policy by the call they are about, in their order.
class RulesByCall {
 public:
  explicit RulesByCall(const Ruleset& rules);  // is borrowed
  std::vector<const Rule*> of(const CallName& call) const;

 private:
  const Ruleset& rules_;
  std::unordered_map<std::string, std::vector<std::size_t>> by_service_;
};

// Who can call, and what can be asked for: all qubes, dom0 (only as a target: its own calls are not
// asked of policy), @default, @dispvm and @dispvm:TEMPLATE.
struct QubeSpace {
  explicit QubeSpace(const SystemInfo& info);

  const SystemInfo& system;
  std::vector<std::string> sources = {};
  std::vector<Token> targets = {};
};

// The decisions of one call of one source. Targets that the same rule decides in the same way share
// one: only an allow without target= depends on what was asked for.
class CallDecisions {
 public:
  // `rules`: those of the call alone. Borrows everything.
  CallDecisions(const Ruleset& rules, const QubeSpace& space, const CallName& call,
                const std::string& source);

  // The first rule that matches; nullopt: none.
  std::optional<std::size_t> match(std::size_t target) const;
  const Decision& decide(std::size_t target, std::optional<std::size_t> rule);

 private:
  const Ruleset& rules_;
  const QubeSpace& space_;
  Request request_;
  std::vector<std::size_t> matching_;  // rules whose service, argument and source match
  std::vector<RequestedTarget> targets_;
  std::unordered_map<std::size_t, Decision> shared_;
  std::optional<Decision> single_;
};

}  // namespace policy
