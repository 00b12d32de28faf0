// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport status` and `run`, and the way to the others; see the header.
#include "cli/sallyport_command.hpp"

#include "base/wire/escape.hpp"
#include "cli/db_specs.hpp"
#include "cli/deny_command.hpp"
#include "cli/own_command.hpp"
#include "cli/scan_specs.hpp"
#include "cli/snapshot_specs.hpp"
#include "cli/status_view.hpp"
#include "cli/usb_specs.hpp"

namespace cli {
namespace {

CommandSpec main_spec() {
  return {.prog = "sallyport",
          .description = "Shows what sallyportd does, and says what qubes must not get.",
          .options = {help_option(), {{"--version"}, "", "show program's version number and exit"}},
          .positionals = {},
          .commands = {"status", "run", "policy", "deny", "log", "panic", "doctor", "controllers",
                       "snapshot", "scan", "db", "usb"}};
}

CommandSpec status_spec() {
  return {.prog = "sallyport status",
          .description = "Shows qubes, attached devices and those detached lately.",
          .options = {help_option(), {{"--json"}, "", "one line of JSON, for programs"}},
          .positionals = {},
          .commands = {}};
}

CommandSpec panic_spec() {
  return {.prog = "sallyport panic",
          .description = "Detaches every device and takes every forwarded keyboard and mouse away.",
          .options = {help_option()},
          .positionals = {},
          .commands = {}};
}

CommandSpec run_spec() {
  return {.prog = "sallyport run",
          .description = "Calls a service of a qube from dom0 and prints its answer.",
          .options = {help_option(),
                      {{"--input", "-i"}, "TEXT", "a line of text for the service"},
                      {{"--raw"}, "", "print control characters as they are"}},
          .positionals = {{"QUBE", "a running qube"}, {"SERVICE", "name, or name+argument"}},
          .commands = {}};
}

// It looks at the host itself (cli/io/doctor_tool.hpp).
CommandSpec doctor_spec() {
  return {.prog = "sallyport doctor",
          .description = "Warns before the last keyboard goes behind a prompt that needs one.",
          .options = {help_option(),
                      {{"--json"}, "", "one line of JSON, for programs"},
                      {{"--sys"}, "DIR", "another folder than /sys, for tests"}},
          .positionals = {},
          .commands = {}};
}

// So does this (cli/io/controllers_host.hpp).
CommandSpec controllers_spec() {
  return {.prog = "sallyport controllers",
          .description =
              "Shows the USB controllers of this host and what speaks against giving "
              "each to a qube.",
          .options = {help_option(),
                      {{"--json"}, "", "one line of JSON, for programs"},
                      {{"--sys"}, "DIR", "another folder than /sys, for tests"}},
          .positionals = {},
          .commands = {}};
}

// The policy tool reads its own arguments; these are for completion.
CommandSpec policy_spec() {
  return {.prog = "sallyport policy",
          .description = "Asks and checks the policy files.",
          .options = {},
          .positionals = {},
          .commands = {"check", "diff", "eval", "graph", "test", "why"}};
}

// The answer is a qube's: at a terminal its control characters would be obeyed.
std::string harmless(std::string_view untrusted) {
  std::string out;
  for (const char c : untrusted) {
    const bool plain = c == '\n' || c == '\t' || (c >= ' ' && c <= '~');
    out += plain ? std::string(1, c) : base::wire::escape({&c, 1});
  }
  return out;
}

Outcome show_status(const Words& words, const Admin& admin, std::size_t columns) {
  const CommandSpec spec = status_spec();
  const auto given = read_arguments(spec, words);
  if (auto over = help_or_misuse(spec, given, columns)) return *std::move(over);
  const auto answer =
      admin({.method = "sallyport.Status", .argument = {}, .target = "dom0", .payload = {}});
  if (!answer) return own_failure(answer.error().text);
  const auto text = given->has("--json") ? compact_json(*answer) : format_status(*answer);
  if (!text) return own_failure(text.error().text);
  return {.code = 0, .out = *text, .err = {}};
}

Outcome panic(const Words& words, const Admin& admin, std::size_t columns) {
  const CommandSpec spec = panic_spec();
  const auto given = read_arguments(spec, words);
  if (auto over = help_or_misuse(spec, given, columns)) return *std::move(over);
  const auto answer =
      admin({.method = "sallyport.Panic", .argument = {}, .target = "dom0", .payload = {}});
  if (!answer) return own_failure(answer.error().text);
  return {.code = 0, .out = {}, .err = {}};
}

Outcome run_service(const Words& words, const Admin& admin, std::size_t columns) {
  const CommandSpec spec = run_spec();
  const auto given = read_arguments(spec, words);
  if (auto over = help_or_misuse(spec, given, columns)) return *std::move(over);
  const auto input = given->options.find("--input");
  const auto answer =
      admin({.method = "sallyport.Run",
             .argument = given->positionals[1][0],
             .target = given->positionals[0][0],
             .payload = input == given->options.end() ? "" : input->second.back() + "\n"});
  if (!answer) return own_failure(answer.error().text);
  return {.code = 0, .out = given->has("--raw") ? *answer : harmless(*answer), .err = {}};
}

}  // namespace

CommandSpec sallyport_spec(const Words& path) {
  const std::string first = path.empty() ? "" : path[0];
  if (path.empty()) return main_spec();
  if (path.size() == 2 && first == "deny") return deny_verb_spec(path[1]);
  if (path.size() == 1 && first == "deny") return deny_spec();
  if (path.size() == 2 && first == "db") return db_verb_spec(path[1]);
  if (path.size() == 1 && first == "db") return db_spec();
  if (path.size() == 2 && first == "snapshot") return snapshot_verb_spec(path[1]);
  if (path.size() == 1 && first == "snapshot") return snapshot_spec();
  if (path.size() == 2 && first == "scan") return scan_verb_spec(path[1]);
  if (path.size() == 1 && first == "scan") return scan_spec();
  if (path.size() == 2 && first == "usb") return usb_verb_spec(path[1]);
  if (path.size() == 1 && first == "usb") return usb_spec();
  if (path.size() == 1 && first == "policy") return policy_spec();
  if (path.size() == 1 && first == "status") return status_spec();
  if (path.size() == 1 && first == "run") return run_spec();
  if (path.size() == 1 && first == "doctor") return doctor_spec();
  if (path.size() == 1 && first == "controllers") return controllers_spec();
  if (path.size() == 1 && first == "panic") return panic_spec();
  return {.prog = {}, .description = {}, .options = {}, .positionals = {}, .commands = {}};
}

Outcome run_sallyport(const Words& words, const Admin& admin, std::size_t columns) {
  const CommandSpec spec = main_spec();
  const auto given = read_arguments(spec, words);
  if (given && given->has("--version")) {
    return {.code = 0, .out = "sallyport " SALLYPORT_VERSION "\n", .err = {}};
  }
  if (auto over = help_or_misuse(spec, given, columns)) return *std::move(over);
  if (given->command.empty()) {
    return misused(spec, columns, "the following arguments are required: command");
  }
  if (given->command == "deny") return run_deny(given->rest, admin, columns);
  if (given->command == "panic") return panic(given->rest, admin, columns);
  if (given->command == "run") return run_service(given->rest, admin, columns);
  return show_status(given->rest, admin, columns);
}

}  // namespace cli
