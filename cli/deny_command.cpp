// SPDX-License-Identifier: GPL-2.0-or-later
// The deny list for people; see the header.
#include "cli/deny_command.hpp"

#include <algorithm>

#include "base/device/category.hpp"
#include "cli/deny_list.hpp"
#include "cli/own_command.hpp"

namespace cli {
namespace {

std::vector<Option> help_only() { return {help_option()}; }

// "u0e****  Camera"
Outcome list_denied(const Admin& admin, const std::string& qube) {
  const auto denied = denied_interfaces(admin, qube);
  if (!denied) return own_failure(denied.error().text);
  Outcome outcome;
  for (const std::string& pattern : *denied) {
    outcome.out += pattern + "  " + std::string(base::device::category_of(pattern)) + "\n";
  }
  return outcome;
}

// All patterns in a row; an error in words if one is none, or stands twice.
base::Result<std::string> payload_of(const Words& words) {
  std::vector<std::string> patterns;
  std::string payload;
  for (const std::string& word : words) {
    const auto pattern = parse_pattern(word);
    if (!pattern) return base::fail(pattern.error().text);
    if (std::ranges::find(patterns, *pattern) != patterns.end()) {
      return base::fail(*pattern + " is given twice");
    }
    patterns.push_back(*pattern);
    payload += *pattern;
  }
  return payload;
}

Outcome change_denied(const Admin& admin, std::string_view method, const std::string& qube,
                      const Words& words) {
  const bool clear = method == "Remove" && words == Words{"all"};
  const auto payload = clear ? base::Result<std::string>("all") : payload_of(words);
  if (!payload) return own_failure(payload.error().text);
  const auto answer = admin({.method = "admin.vm.device.denied." + std::string(method),
                             .argument = {},
                             .target = qube,
                             .payload = *payload});
  if (!answer) return own_failure(answer.error().text);
  return {};
}

}  // namespace

CommandSpec deny_spec() {
  return {.prog = "sallyport deny",
          .description = "Which interfaces no device given to a qube may have.",
          .options = help_only(),
          .positionals = {},
          .commands = {"list", "add", "remove"}};
}

CommandSpec deny_verb_spec(std::string_view verb) {
  CommandSpec spec{.prog = "sallyport deny " + std::string(verb),
                   .description = "Shows a qube's deny list.",
                   .options = help_only(),
                   .positionals = {{"QUBE", "the qube that devices are given to"}},
                   .commands = {}};
  if (verb == "list") return spec;
  spec.description = verb == "add" ? "Denies devices with these interfaces to a qube."
                                   : "Takes interfaces off a qube's deny list; all: every one.";
  spec.positionals.push_back(
      {"PATTERN", "an interface, u0e0100; may hold *, and be cut: u0e", Count::many});
  return spec;
}

Outcome run_deny(const Words& words, const Admin& admin, std::size_t columns) {
  const CommandSpec spec = deny_spec();
  const auto given = read_arguments(spec, words);
  if (auto over = help_or_misuse(spec, given, columns)) return *std::move(over);
  if (given->command.empty()) {
    return misused(spec, columns, "the following arguments are required: command");
  }
  const CommandSpec verb = deny_verb_spec(given->command);
  const auto rest = read_arguments(verb, given->rest);
  if (auto over = help_or_misuse(verb, rest, columns)) return *std::move(over);
  const std::string& qube = rest->positionals[0].front();
  if (given->command == "list") return list_denied(admin, qube);
  const Words& patterns = rest->positionals[1];
  if (patterns.empty()) {
    return misused(verb, columns, "the following arguments are required: PATTERN");
  }
  return change_denied(admin, given->command == "add" ? "Add" : "Remove", qube, patterns);
}

}  // namespace cli
