// SPDX-License-Identifier: GPL-2.0-or-later
// What the arguments of qvm-device mean; see the header.
#include "cli/device_command.hpp"

#include <algorithm>

#include "base/wire/escape.hpp"
#include "cli/device_specs.hpp"

namespace cli {
namespace {

using Parsed = base::Result<DeviceCommand, Outcome>;

constexpr std::string_view version = SALLYPORT_VERSION;

base::Unexpected<Outcome> leave(Outcome outcome) {
  return base::Unexpected<Outcome>{std::move(outcome)};
}

base::Unexpected<Outcome> refuse(const CommandSpec& spec, std::size_t columns,
                                 std::string_view text) {
  return leave({.code = exit_usage, .out = {}, .err = usage_error(spec, columns, text)});
}

// "ro=True" means "read-only=yes"; any other option goes to the daemon as it is.
base::Result<base::device::Property> option_of(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    return base::fail("expected NAME=VALUE after --option, got " + base::wire::escape(text));
  }
  const std::string name = text.substr(0, equals);
  const std::string value = text.substr(equals + 1);
  if (name != "ro" && name != "read-only") return base::device::Property{name, value};
  std::string lower = value;
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const bool yes = lower == "1" || lower == "true" || lower == "yes";
  const bool no = lower == "0" || lower == "false" || lower == "no";
  if (!yes && !no) {
    return base::fail("Unknown `read-only` option value: " + base::wire::escape(value));
  }
  return base::device::Property{"read-only", yes ? "yes" : "no"};
}

// The same option twice: the later one counts.
void set_option(base::device::Properties& options, base::device::Property option) {
  const auto found = std::ranges::find(options, option.key, &base::device::Property::key);
  if (found == options.end()) {
    options.push_back(std::move(option));
  } else {
    *found = std::move(option);
  }
}

base::Status take_options(DeviceCommand& command, const Arguments& given) {
  if (const auto options = given.options.find("--option"); options != given.options.end()) {
    for (const std::string& text : options->second) {
      auto option = option_of(text);
      if (!option) return base::fail(option.error().text);
      set_option(command.options, *std::move(option));
    }
  }
  if (given.has("--ro")) set_option(command.options, {"read-only", "yes"});
  return base::Ok{};
}

int verbosity_of(const Arguments& given) {
  return static_cast<int>(given.times("--verbose")) - static_cast<int>(given.times("--quiet"));
}

void take_words(DeviceCommand& command, const Arguments& given) {
  switch (command.action) {
    case DeviceAction::list_classes:
      break;
    case DeviceAction::list:
    case DeviceAction::watch:
      command.qubes = given.positionals[0];
      break;
    case DeviceAction::attach:
    case DeviceAction::detach:
    case DeviceAction::assign:
    case DeviceAction::unassign:
      command.qubes = given.positionals[0];
      if (!given.positionals[1].empty()) command.device = given.positionals[1].front();
      break;
    case DeviceAction::info:
      command.device = given.positionals[0].front();
      break;
  }
}

void take_flags(DeviceCommand& command, const Arguments& given) {
  command.assignments = given.has("--assignments");
  command.address = given.has("--with-sbdf") && command.device_class == "pci";
  command.persistent = given.has("--persistent");
  if (given.has("--required")) command.mode = "required";
  if (given.has("--ask")) command.mode = "ask-to-attach";
  command.only_port = given.has("--port");
  command.only_device = given.has("--device");
  command.json = given.has("--json");
}

Outcome show_help(const CommandSpec& spec, std::size_t columns) {
  return {.code = 0, .out = format_help(spec, columns), .err = {}};
}
Outcome show_version(std::string_view prog) {
  return {.code = 0, .out = std::string(prog) + " " + std::string(version) + "\n", .err = {}};
}

// What stands after the verb.
Parsed parse_verb(DeviceCommand command, const CommandSpec& main, const Arguments& before,
                  std::size_t columns) {
  const std::string name = before.command.empty() ? "list" : before.command;
  command.action = action_of(name);
  const CommandSpec spec = verb_spec(command.prog, name);
  const auto given = read_arguments(spec, before.rest);
  if (!given) return refuse(spec, columns, given.error().text);
  if (given->has("--help")) return leave(show_help(spec, columns));
  if (given->has("--version")) return leave(show_version(spec.prog));

  Words unrecognised = before.unrecognised;
  unrecognised.insert(unrecognised.end(), given->unrecognised.begin(), given->unrecognised.end());
  if (!unrecognised.empty()) {
    std::string text = "unrecognized arguments:";
    for (const std::string& word : unrecognised) text += " " + base::wire::escape(word);
    return refuse(main, columns, text);
  }
  command.all = given->has("--all");
  if (const auto out = given->options.find("--exclude"); out != given->options.end()) {
    if (!command.all) return refuse(main, columns, "--exclude can only be used with --all");
    command.exclude = out->second;
  }
  take_flags(command, *given);
  command.quiet = before.has("--quiet") || given->has("--quiet");
  command.verbosity = verbosity_of(before) + verbosity_of(*given);
  take_words(command, *given);
  if (auto ok = take_options(command, *given); !ok) {
    return leave({.code = exit_failure,
                  .out = {},
                  .err = command.prog + ": error: " + ok.error().text + "\n"});
  }
  return command;
}

}  // namespace

Parsed parse_device_command(std::string_view program, const Words& words, std::size_t columns) {
  constexpr std::string_view family = "qvm-";
  const std::string_view prog = program.substr(program.rfind('/') + 1);
  const CommandSpec main = device_spec(prog);
  DeviceCommand command;
  command.prog = prog;
  command.usage = format_usage(main, columns);

  // Before all other reading, as in Qubes.
  for (const std::string_view word : {"--list-device-classes", "--list-classes"}) {
    if (std::ranges::find(words, word) == words.end()) continue;
    command.action = DeviceAction::list_classes;
    return command;
  }
  const auto given = read_arguments(main, words);
  if (!given) return refuse(main, columns, given.error().text);
  if (given->has("--help")) return leave(show_help(main, columns));
  if (given->has("--version")) return leave(show_version(prog));
  if (given->has("--list-device-classes")) {
    command.action = DeviceAction::list_classes;
    return command;
  }
  if (prog == "qvm-device") {
    command.device_class = given->positionals[0].front();
  } else if (prog.starts_with(family)) {
    command.device_class = prog.substr(family.size());
  }
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (command.device_class.empty() || !std::ranges::all_of(command.device_class, letter)) {
    return refuse(main, columns,
                  "not a device class: " + python_repr(command.device_class) +
                      "; run this program as qvm-usb, qvm-block or qvm-device CLASS");
  }
  return parse_verb(std::move(command), main, *given, columns);
}

}  // namespace cli
