// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport policy graph`: who may call whom, for Graphviz.
#include <ostream>

#include "policy/graph.hpp"
#include "policy/io/tool_commands.hpp"
#include "policy/lint_hints.hpp"

namespace policy::io {
namespace {

int run_graph(const Settings& settings, const ToolWorld& world) {
  if (!settings.words.empty()) {
    return misused(graph_tool(), world, "not understood: " + quote_word(settings.words[0]));
  }
  for (const std::string& service : settings.services) {
    if (const auto call = parse_service_call(service); !call) {
      return misused(graph_tool(), world, call.error().text);
    }
  }
  const auto system = read_system_info(settings, world);
  if (!system) return failed(world, system.error().text);
  for (const std::string& source : settings.sources) {
    if (system->find(source) == nullptr || source == "dom0") {
      return misused(graph_tool(), world, "no qube " + quote_word(source) + " calls services");
    }
  }
  PolicyStore store = settings.open_store(world.paths);
  const auto& rules = store.current();
  if (!rules) return failed(world, "everything is denied: " + rules.error().text);
  const Graph graph =
      draw_policy(*rules, *system, {.services = settings.services, .sources = settings.sources});
  world.out << graph.dot;
  if (graph.complete) return 0;
  return failed(world, "only the first " + std::to_string(Graph::max_edges) +
                           " edges are drawn; choose by --service or --source");
}

}  // namespace

ToolCommand graph_tool() {
  return {.name = "graph",
          .usage =
              "sallyport policy graph [--policy-dir DIR]... [--compat-dir DIR]\n"
              "                              [--system-info FILE] [--service SERVICE]...\n"
              "                              [--source QUBE]...\n",
          .options = {"policy-dir", "compat-dir", "system-info", "service", "source"},
          .run = run_graph};
}

}  // namespace policy::io
