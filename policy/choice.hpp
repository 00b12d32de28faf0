// SPDX-License-Identifier: GPL-2.0-or-later
// Why an ask offers some targets and not the others.
#pragma once

#include <string>

#include "policy/advice.hpp"

namespace policy {

// Lines for a person; empty when the rule that decided does not ask.
std::string explain_choice(const Decided& of);

}  // namespace policy
