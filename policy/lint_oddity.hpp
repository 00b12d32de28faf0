// SPDX-License-Identifier: GPL-2.0-or-later
// What one rule says that is surely not meant, although it parses.
#pragma once

#include <vector>

#include "policy/lint_mistake.hpp"
#include "policy/system_info.hpp"

namespace policy {

// Without `system` names of qubes are only looked at for what no name can be.
std::vector<Remark> find_oddities(const ParseObserver::Line& line, const Rule& rule,
                                  const SystemInfo* system);

}  // namespace policy
