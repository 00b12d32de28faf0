// SPDX-License-Identifier: GPL-2.0-or-later
// What was meant by a word of policy that does not parse: "did you mean 'allow'?".
#pragma once

#include <string>
#include <string_view>

#include "policy/token.hpp"

namespace policy {

// Each is empty when nothing better than the parser's own error is known.
std::string hint_for_action(std::string_view written);
std::string hint_for_token(std::string_view written, Place place);
std::string hint_for_service(std::string_view written);
std::string hint_for_argument(std::string_view written);
// A word behind the action. `action`: as it stands in the rule, or "" if it is none.
std::string hint_for_parameter(std::string_view written, std::string_view action);
std::string hint_for_directive(std::string_view written);

// "allow", "Allow", "allow,user=root": what was written as an action, right or wrong.
bool looks_like_action(std::string_view written);
// "'word'", cut to a bounded length.
std::string quote_word(std::string_view word);

}  // namespace policy
