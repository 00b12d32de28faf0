// SPDX-License-Identifier: GPL-2.0-or-later
// System info as qubesd tells it, and a decision, as JSON for people and programs.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "policy/evaluator.hpp"

namespace policy::io {

// The text of a field; empty for a missing one and for what is no text.
std::string text_of(const boost::json::object& object, std::string_view key);

// `{"domains": {NAME: {type, tags, power_state, internal, template_for_dispvms, default_dispvm,
// uuid, icon}}}`, the reply of Qubes' internal.GetSystemInfo. Unknown keys are skipped.
base::Result<SystemInfo> parse_system_info(std::string_view text);

// Keys and values as in tests/data/policy/*.expected.jsonl. `call`: the service as it was written.
// `answer`: what the user chose at an ask
// ("deny" for no), if the question is whether that would be allowed.
boost::json::object describe_decision(const Ruleset& rules, const SystemInfo& system,
                                      const Request& request, std::string_view call,
                                      const std::optional<std::string>& answer);
// A policy that does not parse: everything is denied. Qubes' own evaluator says "error" to that,
// but does not survive a file that includes itself; ours says "deny".
boost::json::object describe_unusable(std::string_view message);

}  // namespace policy::io
