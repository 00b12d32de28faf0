// SPDX-License-Identifier: GPL-2.0-or-later
// The command lines of `sallyport scan`.
#pragma once

#include <string_view>

#include "cli/argument_spec.hpp"

namespace cli {

CommandSpec scan_spec();
// `sallyport scan DEVICE`: of a word that is none of the commands.
CommandSpec scan_device_spec();
// Of one of its commands.
CommandSpec scan_verb_spec(std::string_view verb);

}  // namespace cli
