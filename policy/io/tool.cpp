// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/io/tool.hpp"

#include <algorithm>
#include <array>
#include <ostream>

#include "policy/evaluator.hpp"
#include "policy/io/tool_commands.hpp"

namespace policy::io {
namespace {

const std::array<ToolCommand, 6>& commands() {
  static const std::array<ToolCommand, 6> all = {check_tool(), why_tool(),   eval_tool(),
                                                 test_tool(),  graph_tool(), diff_tool()};
  return all;
}

std::string usage() {
  std::string text;
  for (const ToolCommand& command : commands()) {
    text += text.empty() ? "usage: " : "       ";
    text += command.usage;
  }
  return text +
         "Without --policy-dir: /run/qubes/policy.d, then /etc/qubes/policy.d.\n"
         "Without --system-info the daemon is asked which qubes there are.\n";
}

bool asks_for_help(const std::string& word) { return word == "--help" || word == "-h"; }

}  // namespace

int run_policy_tool(const std::vector<std::string>& words, const ToolWorld& world) {
  if (!words.empty() && asks_for_help(words[0])) {
    world.out << usage();
    return 0;
  }
  const auto command = std::find_if(
      commands().begin(), commands().end(),
      [&words](const ToolCommand& each) { return !words.empty() && each.name == words[0]; });
  if (command == commands().end()) {
    world.errors << usage();
    return exit_usage;
  }
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  if (std::any_of(rest.begin(), rest.end(), asks_for_help)) {
    world.out << "usage: " << command->usage;
    return 0;
  }
  const auto settings = parse_settings(*command, rest);
  return settings ? command->run(*settings, world)
                  : misused(*command, world, settings.error().text);
}

int run_policy_tool(const std::vector<std::string>& words, const base::io::Paths& paths,
                    std::istream& in, std::ostream& out, std::ostream& errors) {
  return run_policy_tool(words, {.paths = paths, .in = in, .out = out, .errors = errors});
}

base::Result<Decision> decide(const base::io::Paths& paths, const SystemInfo& system,
                              const Request& request) {
  PolicyStore store(paths);
  const auto& rules = store.current();
  if (!rules) return base::fail(rules.error().text);
  return evaluate(*rules, system, request);
}

}  // namespace policy::io
