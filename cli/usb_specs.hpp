// SPDX-License-Identifier: GPL-2.0-or-later
// The command line of `sallyport usb`.
#pragma once

#include <string_view>

#include "cli/argument_spec.hpp"

namespace cli {

CommandSpec usb_spec();
CommandSpec usb_verb_spec(std::string_view verb);

}  // namespace cli
