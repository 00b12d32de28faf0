// SPDX-License-Identifier: GPL-2.0-or-later
// The words of messages about text that somebody wrote.
// quote: quotes text as Qubes does ('x', or "x" around a single quote), made safe to show.
#pragma once

#include <string>
#include <string_view>

#include "base/wire/result.hpp"

namespace policy {

std::string quote(std::string_view untrusted);

// The error of a parameter's value: what was found, and `wanted`, what it can be.
base::Unexpected<base::Error> wrong_value(std::string_view key, std::string_view value,
                                          std::string_view wanted);

}  // namespace policy
