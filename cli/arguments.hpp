// SPDX-License-Identifier: GPL-2.0-or-later
// Reads a command line by its table, with argparse's rules and messages.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire/result.hpp"
#include "cli/argument_spec.hpp"

namespace cli {

using Words = std::vector<std::string>;

struct Arguments {
  std::map<std::string, Words, std::less<>> options;  // by Option::key(); a flag has empty values
  std::vector<Words> positionals;                     // one for each of the table
  std::string command;                                // empty: none was given
  Words rest;                                         // what follows the command
  Words unrecognised;                                 // unknown options and surplus words

  bool has(std::string_view key) const { return options.contains(key); }
  std::size_t times(std::string_view key) const;
};

// An error is argparse's text, without usage and "PROG: error: ".
//
// Long options may be shortened as long as they stay unique, values follow as "--name value",
// "--name=value", "-nvalue" or "-n value", short flags may be joined, and "--" ends the options.
base::Result<Arguments> read_arguments(const CommandSpec& spec, const Words& words);

// As Python's repr() writes a text: in single quotes, or in double ones if it holds single ones.
std::string python_repr(std::string_view text);

}  // namespace cli
