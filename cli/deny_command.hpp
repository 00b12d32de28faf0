// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport deny`: shows and changes which interfaces no device given to a qube may have.
#pragma once

#include "cli/admin_call.hpp"
#include "cli/device_command.hpp"

namespace cli {

CommandSpec deny_spec();
CommandSpec deny_verb_spec(std::string_view verb);

// What stands after "deny".
Outcome run_deny(const Words& words, const Admin& admin, std::size_t columns);

}  // namespace cli
