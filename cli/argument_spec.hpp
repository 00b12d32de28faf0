// SPDX-License-Identifier: GPL-2.0-or-later
// A command line as a table, and its usage text, laid out as Python's argparse does it.
//
// Qubes' tools are argparse programs, and people and scripts know their texts: hence the likeness.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

struct Option {
  std::vector<std::string_view>
      names;                 // as shown in errors, "--required/-r"; the first in the usage
  std::string_view metavar;  // empty: a flag; else it takes one value
  std::string_view help;
  int exclusive =
      0;             // options with the same number, not 0, exclude each other; they stand together
  bool own = false;  // not of Qubes: named in the help, not in the usage, which is Qubes'

  std::string_view key() const { return names.front(); }
  std::string display() const;  // "--required/-r"
};

enum class Count { one, optional, many };

struct Positional {
  std::string_view name;
  std::string_view help;
  Count count = Count::one;
};

struct CommandSpec {
  std::string prog;  // "qvm-usb attach"
  std::string_view description;
  std::vector<Option> options;
  std::vector<Positional> positionals;
  // Sub-commands with all their aliases; if there are any, the first word that is no option (after
  // the positionals) is one, and what follows it is left to that command.
  std::vector<std::string_view> commands;
  std::vector<std::string_view> own_commands = {};  // not of Qubes: as with options
};

// --help, as argparse has it.
Option help_option();

// Of a command with verbs, such as sallyport db make.
struct VerbText {
  std::string_view name;
  std::string_view description;
};
// The command itself, with its verbs as sub-commands.
CommandSpec spec_of_verbs(std::string prog, std::string_view description,
                          std::span<const VerbText> verbs);
// One of its verbs, with no argument but --help; one that there is not has no description.
CommandSpec spec_of_verb(std::string_view prog, std::span<const VerbText> verbs,
                         std::string_view name);

// "usage: PROG ..." in lines of at most columns - 2 characters, with a final newline.
std::string format_usage(const CommandSpec& spec, std::size_t columns);
// The usage, the description, and a line for each argument.
std::string format_help(const CommandSpec& spec, std::size_t columns);
// The usage and "PROG: error: TEXT".
std::string usage_error(const CommandSpec& spec, std::size_t columns, std::string_view text);

}  // namespace cli
