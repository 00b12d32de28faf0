// SPDX-License-Identifier: GPL-2.0-or-later
// How the commands of `sallyport` end early: misused, asked for help, or failed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/device_command.hpp"

namespace cli {

Outcome misused(const CommandSpec& spec, std::size_t columns, std::string_view text);
// nullopt: the command is to be carried out.
std::optional<Outcome> help_or_misuse(const CommandSpec& spec, const base::Result<Arguments>& given,
                                      std::size_t columns);
Outcome own_failure(const std::string& text);

}  // namespace cli
