// SPDX-License-Identifier: GPL-2.0-or-later
// The command lines of `sallyport db`.
#pragma once

#include <string_view>

#include "cli/argument_spec.hpp"

namespace cli {

CommandSpec db_spec();
// Of one of its commands.
CommandSpec db_verb_spec(std::string_view verb);

}  // namespace cli
