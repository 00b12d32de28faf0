// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/graph.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/wire/escape.hpp"
#include "policy/call_space.hpp"

namespace policy {
namespace {

// From, to, service, allowed or asked, rule: one edge each, however many targets lead there.
using Edge = std::tuple<std::string, std::string, std::string, Decision::Kind, std::string>;

// For a string between quotes: what was a backslash or a quote stays one, and nothing else is read.
std::string dot_text(std::string_view text) {
  std::string out;
  for (const char c : base::wire::escape(text, 1000)) {
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

std::string dot_name(std::string_view name) { return "\"" + dot_text(name) + "\""; }

const char* colour_of(Decision::Kind kind) {
  return kind == Decision::Kind::allow ? "#1b7f3b" : "#c77700";
}

bool chosen(const CallName& call, const std::vector<std::string>& services) {
  return services.empty() ||
         std::any_of(services.begin(), services.end(), [&call](const std::string& wanted) {
           return wanted == call.service || wanted == call.text ||
                  wanted == call.service + call.argument;
         });
}

// The calls of the policy, and those that were asked for and that it does not name.
std::vector<CallName> calls_of(const Ruleset& rules, const std::vector<std::string>& services) {
  std::vector<CallName> calls;
  std::set<std::string> met;
  for (CallName& call : named_calls({&rules})) {
    if (!chosen(call, services)) continue;
    met.insert({call.service, call.text, call.service + call.argument});
    calls.push_back(std::move(call));
  }
  for (const std::string& wanted : services) {
    const auto call = parse_service_call(wanted);
    if (call && !met.contains(wanted)) calls.push_back({call->service, call->argument, wanted});
  }
  return calls;
}

class Painter {
 public:
  Painter(const Ruleset& rules, const SystemInfo& system, const GraphOptions& options)
      : by_call_(rules), space_(system), options_(options) {}

  Graph draw(const std::vector<CallName>& calls) {
    for (const CallName& call : calls) add_call(call);
    graph_.edges = edges_.size();
    graph_.dot = text();
    return std::move(graph_);
  }

 private:
  void add_call(const CallName& call) {
    std::vector<Rule> rules;
    for (const Rule* rule : by_call_.of(call)) rules.push_back(*rule);
    const bool opens = std::any_of(rules.begin(), rules.end(),
                                   [](const Rule& rule) { return rule.action != Action::deny; });
    if (!opens) return;
    const Ruleset of_call(std::move(rules));
    for (const std::string& source : space_.sources) {
      const auto& wanted = options_.sources;
      if (wanted.empty() || std::find(wanted.begin(), wanted.end(), source) != wanted.end()) {
        add_source(of_call, call, source);
      }
    }
  }

  void add_source(const Ruleset& rules, const CallName& call, const std::string& source) {
    CallDecisions decisions(rules, space_, call, source);
    std::set<std::size_t> asked;  // rules whose choice is drawn already
    for (std::size_t i = 0; i < space_.targets.size(); ++i) {
      const auto rule = decisions.match(i);
      if (!rule || rules.rules()[*rule].action == Action::deny) continue;
      const Decision& decision = decisions.decide(i, rule);
      if (decision.kind == Decision::Kind::allow) add_edge(decision, decision.target, call);
      if (decision.kind != Decision::Kind::ask || !asked.insert(*rule).second) continue;
      for (const std::string& target : decision.targets) add_edge(decision, target, call);
    }
  }

  void add_edge(const Decision& decision, const std::string& target, const CallName& call) {
    if (edges_.size() >= Graph::max_edges) {
      graph_.complete = false;
      return;
    }
    const std::string rule = decision.rule.substr(decision.rule.rfind('/') + 1);
    edges_.emplace(decision.source, target, call.text, decision.kind, rule);
  }

  std::string node(const std::string& name) const {
    std::string style = "shape=box";
    const std::string qube =
        name.starts_with(dispvm_prefix) ? name.substr(dispvm_prefix.size()) : name;
    if (qube != name) style = "shape=box, style=dashed";
    if (name == "dom0") style = "shape=doubleoctagon, style=filled, fillcolor=\"#e0e0e0\"";
    return "  " + dot_name(name) + " [label=" + dot_name(name) + ", " + style + "];\n";
  }

  std::string text() const {
    std::set<std::string> names;
    std::string lines;
    for (const auto& [from, to, service, kind, rule] : edges_) {
      names.insert(from);
      names.insert(to);
      const std::string colour = colour_of(kind);
      lines += "  " + dot_name(from) + " -> " + dot_name(to) + " [label=\"" + dot_text(service) +
               (kind == Decision::Kind::ask ? " (ask)" : "") + "\\n" + dot_text(rule) +
               "\", color=\"" + colour + "\", fontcolor=\"" + colour + "\"" +
               (kind == Decision::Kind::ask ? ", style=dashed" : "") + "];\n";
    }
    std::string out = "digraph policy {\n  rankdir=LR;\n  edge [fontsize=10];\n";
    for (const std::string& name : names) out += node(name);
    return out + lines + "}\n";
  }

  RulesByCall by_call_;
  QubeSpace space_;
  const GraphOptions& options_;
  Graph graph_;
  std::set<Edge> edges_;
};

}  // namespace

Graph draw_policy(const Ruleset& rules, const SystemInfo& system, const GraphOptions& options) {
  return Painter(rules, system, options).draw(calls_of(rules, options.services));
}

}  // namespace policy
