// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport status`; see the header.
#include "cli/sallyport_command.hpp"

#include "cli/status_view.hpp"

namespace cli {
namespace {

CommandSpec main_spec() {
  return {.prog = "sallyport",
          .description = "Shows what sallyportd does.",
          .options = {{{"--help", "-h"}, "", "show this help message and exit"},
                      {{"--version"}, "", "show program's version number and exit"}},
          .positionals = {},
          .commands = {"status"}};
}

CommandSpec status_spec() {
  return {.prog = "sallyport status",
          .description = "Shows qubes, attached devices and those detached lately.",
          .options = {{{"--help", "-h"}, "", "show this help message and exit"},
                      {{"--json"}, "", "one line of JSON, for programs"}},
          .positionals = {},
          .commands = {}};
}

Outcome refuse(const CommandSpec& spec, std::size_t columns, std::string_view text) {
  return {.code = exit_usage, .out = {}, .err = usage_error(spec, columns, text)};
}

Outcome fail(const std::string& text) {
  return {.code = exit_failure, .out = {}, .err = "sallyport: error: " + text + "\n"};
}

Outcome show_status(const Words& words, const Admin& admin, std::size_t columns) {
  const CommandSpec spec = status_spec();
  const auto given = read_arguments(spec, words);
  if (!given) return refuse(spec, columns, given.error().text);
  if (given->has("--help")) return {.code = 0, .out = format_help(spec, columns), .err = {}};
  if (!given->unrecognised.empty()) {
    return refuse(spec, columns,
                  "unrecognized arguments: " + python_repr(given->unrecognised.front()));
  }
  const auto answer =
      admin({.method = "sallyport.Status", .argument = {}, .target = "dom0", .payload = {}});
  if (!answer) return fail(answer.error().text);
  const auto text = given->has("--json") ? compact_json(*answer) : format_status(*answer);
  if (!text) return fail(text.error().text);
  return {.code = 0, .out = *text, .err = {}};
}

}  // namespace

Outcome run_sallyport(const Words& words, const Admin& admin, std::size_t columns) {
  const CommandSpec spec = main_spec();
  const auto given = read_arguments(spec, words);
  if (!given) return refuse(spec, columns, given.error().text);
  if (given->has("--help")) return {.code = 0, .out = format_help(spec, columns), .err = {}};
  if (given->has("--version"))
    return {.code = 0, .out = "sallyport " SALLYPORT_VERSION "\n", .err = {}};
  if (!given->unrecognised.empty()) {
    return refuse(spec, columns,
                  "unrecognized arguments: " + python_repr(given->unrecognised.front()));
  }
  if (given->command.empty()) {
    return refuse(spec, columns, "the following arguments are required: command");
  }
  return show_status(given->rest, admin, columns);
}

}  // namespace cli
