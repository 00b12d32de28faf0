// SPDX-License-Identifier: GPL-2.0-or-later
// Which targets a user may choose from when a rule says ask.
#pragma once

#include <string>

#include "policy/request.hpp"
#include "policy/ruleset.hpp"
#include "policy/system_info.hpp"

namespace policy {

// A qube's name, "dom0", "@dispvm:NAME", or "@dispvm" before resolve() has replaced it.
// Walks the rules backwards, so that an earlier rule overrides a later one: deny removes what it
// covers, allow and ask add it. Of the result the caller itself and internal qubes are dropped,
// and @dispvm stands for the caller's default template. An error: a rule of this call names a
// template that does not exist, so that nobody can say what it covers.
base::Result<std::vector<std::string>> collect_targets(const Ruleset& rules,
                                                       const SystemInfo& system,
                                                       const Request& request);

// The one name by which a token is chosen, run and compared, for a caller with these facts: a
// qube's name, "dom0" or "@dispvm:NAME"; empty if it stands for nothing that exists.
std::string resolve(const Token& token, const SystemInfo& system, const QubeFacts& caller);

// Would this resolved target have to be started first? A new disposable always.
bool needs_start(const std::string& target, const SystemInfo& system);

}  // namespace policy
