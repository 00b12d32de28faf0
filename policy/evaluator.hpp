// SPDX-License-Identifier: GPL-2.0-or-later
// Decides one call: the first matching rule, what it means for this target, or whom to ask about.
#pragma once

#include <string>
#include <string_view>

#include "policy/decision.hpp"
#include "policy/request.hpp"
#include "policy/ruleset.hpp"
#include "policy/system_info.hpp"

namespace policy {

// Never fails: whatever cannot be decided is a denial with a reason in `message`.
Decision evaluate(const Ruleset& rules, const SystemInfo& system, const Request& request);

// The user's answer to an ask Decision. The answer becomes an allow only if it is one of
// `asked.targets`, the qube still exists and, for autostart=no, still runs.
Decision accept_answer(const Decision& asked, const SystemInfo& system,
                       std::string_view untrusted_answer);
// The user said no ("denied by the user FILE:LINE").
Decision refuse_answer(const Decision& asked);
// There is nobody to ask ("denied for non-interactive ask"): a caller may put the reason behind it.
Decision refuse_unasked(const Decision& asked);

}  // namespace policy
