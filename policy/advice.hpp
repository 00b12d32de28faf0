// SPDX-License-Identifier: GPL-2.0-or-later
// Which rule, put where, would change a decision.
#pragma once

#include <string>

#include "policy/evaluator.hpp"
#include "policy/explain.hpp"

namespace policy {

// What a decision was made from and what it is.
struct Decided {
  const Ruleset& rules;
  const SystemInfo& system;
  const Request& request;
  const Decision& decision;
};

// Lines for a person: for each other answer the shortest rule that gives it and its place, or why
// no rule does. Each rule was tried with the evaluator.
std::string advise(const Decided& of, const OwnRules& own);

}  // namespace policy
