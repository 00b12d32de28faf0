// SPDX-License-Identifier: GPL-2.0-or-later
// Why a call is decided as it is, for a person.
#pragma once

#include <string>

#include "policy/evaluator.hpp"

namespace policy {

// Some lines: the decision, the rule that made it, the rules behind it that would decide without
// it, and the line that would change it.
std::string explain(const Ruleset& rules, const SystemInfo& system, const Request& request);

}  // namespace policy
