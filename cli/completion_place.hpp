// SPDX-License-Identifier: GPL-2.0-or-later
// Where in a command line the cursor is: after which command, at which argument.
#pragma once

#include <string>
#include <vector>

#include "cli/argument_spec.hpp"
#include "cli/arguments.hpp"

namespace cli {

struct Place {
  enum class Kind { nothing, option, value, command, positional };

  Kind kind = Kind::nothing;
  Option option;          // value: of which option
  Positional positional;  // positional: which one
  Words given;            // the plain words before, without the command
  std::string command;    // that was named before; the rest is for it to read
  Words rest;             // after the command, with the word at the cursor
};

// The last word is at the cursor. Words that cannot be are passed over.
Place find_place(const CommandSpec& spec, const Words& words);

}  // namespace cli
