// SPDX-License-Identifier: GPL-2.0-or-later
// Who may call whom, as a graph in the DOT language.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "policy/ruleset.hpp"
#include "policy/system_info.hpp"

namespace policy {

struct GraphOptions {
  std::vector<std::string> services = {};  // "SERVICE" or "SERVICE+ARGUMENT"; none: all
  std::vector<std::string> sources = {};   // names of qubes; none: all
};

struct Graph {
  static constexpr std::size_t max_edges = 20000;

  std::string dot = {};
  std::size_t edges = 0;
  bool complete = true;  // false: there are more edges
};

// A node for each qube that has an edge, an edge for each call that is allowed or asked about; in
// an order that depends on nothing but the policy and the qubes.
Graph draw_policy(const Ruleset& rules, const SystemInfo& system, const GraphOptions& options);

}  // namespace policy
