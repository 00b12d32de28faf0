// SPDX-License-Identifier: GPL-2.0-or-later
// Early ends of sallyport's commands; see the header.
#include "cli/own_command.hpp"

namespace cli {

Outcome misused(const CommandSpec& spec, std::size_t columns, std::string_view text) {
  return {.code = exit_usage, .out = {}, .err = usage_error(spec, columns, text)};
}

std::optional<Outcome> help_or_misuse(const CommandSpec& spec, const base::Result<Arguments>& given,
                                      std::size_t columns) {
  if (!given) return misused(spec, columns, given.error().text);
  if (given->has("--help")) {
    return Outcome{.code = 0, .out = format_help(spec, columns), .err = {}};
  }
  if (given->unrecognised.empty()) return std::nullopt;
  return misused(spec, columns,
                 "unrecognized arguments: " + python_repr(given->unrecognised.front()));
}

Outcome own_failure(const std::string& text) {
  return {.code = exit_failure, .out = {}, .err = "sallyport: error: " + text + "\n"};
}

}  // namespace cli
