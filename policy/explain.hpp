// SPDX-License-Identifier: GPL-2.0-or-later
// Why a call is decided as it is, for a person, and what would change it.
#pragma once

#include <cstddef>
#include <string>

#include "policy/evaluator.hpp"

namespace policy {

// The file in which a person keeps rules of their own.
struct OwnRules {
  std::string file = "30-user.policy";
  std::size_t before = 0;  // so many rules are tried before those of this file
};

// Some lines: the decision; the rule that made it; the rules behind it that would decide without
// it; for an ask which targets it offers, by which rule, and why it does not offer the others; and
// the rules that would change the decision, with their place. Each of these was tried.
std::string explain(const Ruleset& rules, const SystemInfo& system, const Request& request,
                    const OwnRules& own = {});

}  // namespace policy
