// SPDX-License-Identifier: GPL-2.0-or-later
// Lays usage texts out as argparse does; see the header.
#include "cli/argument_spec.hpp"

#include <algorithm>
#include <utility>

namespace cli {
namespace {

constexpr std::string_view prefix = "usage: ";
using Parts = std::vector<std::string>;

std::string join(const Parts& parts, std::string_view separator) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += separator;
    out += part;
  }
  return out;
}

std::string option_text(const Option& option) {
  std::string text(option.key());
  if (!option.metavar.empty()) text += " " + std::string(option.metavar);
  return text;
}

Parts option_parts(const CommandSpec& spec) {
  Parts parts;
  for (std::size_t i = 0; i < spec.options.size();) {
    if (spec.options[i].own) {
      ++i;
      continue;
    }
    std::string part = "[" + option_text(spec.options[i]);
    const int group = spec.options[i].exclusive;
    for (++i; group != 0 && i < spec.options.size() && spec.options[i].exclusive == group; ++i) {
      part += " | " + option_text(spec.options[i]);
    }
    parts.push_back(part + "]");
  }
  return parts;
}

std::string commands_text(const CommandSpec& spec) {
  std::string text;
  for (const std::string_view name : spec.commands) {
    text += (text.empty() ? "" : ",") + std::string(name);
  }
  return "{" + text + "}";
}

Parts positional_parts(const CommandSpec& spec) {
  Parts parts;
  for (const Positional& each : spec.positionals) {
    const std::string name(each.name);
    switch (each.count) {
      case Count::one:
        parts.push_back(name);
        break;
      case Count::optional:
        parts.push_back("[" + name + "]");
        break;
      case Count::many:
        parts.push_back("[" + name + " ...]");
        break;
    }
  }
  if (!spec.commands.empty()) {
    parts.push_back(commands_text(spec));
    parts.push_back("...");
  }
  return parts;
}

// Fills lines up to `width`; `used` is what the first line holds already, later ones are indented.
std::string fill(const Parts& parts, std::size_t indent, std::size_t used, std::size_t width) {
  std::string text(used == 0 ? indent : 0, ' ');
  std::size_t length = (used == 0 ? indent : used) - 1;
  bool empty = true;
  for (const std::string& part : parts) {
    if (!empty && length + 1 + part.size() > width) {
      text += "\n" + std::string(indent, ' ');
      length = indent - 1;
      empty = true;
    }
    if (!empty) text += ' ';
    text += part;
    length += part.size() + 1;
    empty = false;
  }
  return text + "\n";
}

void append_help(std::string& out, std::string_view name, std::string_view help) {
  constexpr std::size_t column = 30;
  std::string line = "  " + std::string(name);
  line += line.size() + 2 > column ? "\n" + std::string(column, ' ')
                                   : std::string(column - line.size(), ' ');
  out += line + std::string(help) + "\n";
}

void append_option(std::string& out, const Option& option) {
  std::string names;
  for (const std::string_view name : option.names) {
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  if (!option.metavar.empty()) names += " " + std::string(option.metavar);
  append_help(out, names, option.help);
}

}  // namespace

Option help_option() { return {{"--help", "-h"}, "", "show this help message and exit"}; }

CommandSpec spec_of_verbs(std::string prog, std::string_view description,
                          std::span<const VerbText> verbs) {
  CommandSpec spec{.prog = std::move(prog),
                   .description = description,
                   .options = {help_option()},
                   .positionals = {},
                   .commands = {}};
  for (const VerbText& each : verbs) spec.commands.push_back(each.name);
  return spec;
}

CommandSpec spec_of_verb(std::string_view prog, std::span<const VerbText> verbs,
                         std::string_view name) {
  const auto found = std::ranges::find(verbs, name, &VerbText::name);
  return {.prog = std::string(prog) + " " + std::string(name),
          .description = found == verbs.end() ? std::string_view() : found->description,
          .options = {help_option()},
          .positionals = {},
          .commands = {}};
}

std::string Option::display() const {
  std::string text;
  for (const std::string_view name : names) text += (text.empty() ? "" : "/") + std::string(name);
  return text;
}

std::string format_usage(const CommandSpec& spec, std::size_t columns) {
  const std::size_t width = std::max<std::size_t>(columns, 13) - 2;
  Parts options = option_parts(spec);
  const Parts positionals = positional_parts(spec);

  Parts all{spec.prog};
  all.insert(all.end(), options.begin(), options.end());
  all.insert(all.end(), positionals.begin(), positionals.end());
  const std::string one_line = std::string(prefix) + join(all, " ");
  if (one_line.size() <= width) return one_line + "\n";

  const std::size_t indent = prefix.size() + spec.prog.size() + 1;
  options.insert(options.begin(), spec.prog);
  std::string text = std::string(prefix) + fill(options, indent, prefix.size(), width);
  if (!positionals.empty()) text += fill(positionals, indent, 0, width);
  return text;
}

std::string format_help(const CommandSpec& spec, std::size_t columns) {
  std::string out = format_usage(spec, columns) + "\n" + std::string(spec.description) + "\n";
  if (!spec.positionals.empty() || !spec.commands.empty()) out += "\npositional arguments:\n";
  for (const Positional& each : spec.positionals) append_help(out, each.name, each.help);
  if (!spec.commands.empty()) append_help(out, commands_text(spec), "what to do (COMMAND --help)");
  out += "\noptions:\n";
  for (const Option& each : spec.options) {
    if (!each.own) append_option(out, each);
  }
  const bool more = std::ranges::any_of(spec.options, &Option::own) || !spec.own_commands.empty();
  if (more) out += "\nnot in Qubes:\n";
  for (const std::string_view command : spec.own_commands) {
    append_help(out, command, "a command too (COMMAND --help)");
  }
  for (const Option& each : spec.options) {
    if (each.own) append_option(out, each);
  }
  return out;
}

std::string usage_error(const CommandSpec& spec, std::size_t columns, std::string_view text) {
  return format_usage(spec, columns) + spec.prog + ": error: " + std::string(text) + "\n";
}

}  // namespace cli
