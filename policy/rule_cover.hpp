// SPDX-License-Identifier: GPL-2.0-or-later
// Which rules can never match, because one before them matches all that they could.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "policy/rule.hpp"

namespace policy {

// Does `wide` cover all that `narrow` covers, in any system? Qubes known by name and UUID are told
// to be the same only with `system`.
bool covers(const Token& wide, const Token& narrow, const SystemInfo* system);

// For each rule the first one before it that covers it wholly; nullopt: it can match.
std::vector<std::optional<std::size_t>> find_hidden(const std::vector<Rule>& rules,
                                                    const SystemInfo* system);

}  // namespace policy
