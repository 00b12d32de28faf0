// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport policy diff`: which decisions change from one policy to another.
#include <boost/json.hpp>
#include <ostream>

#include "policy/io/tool_commands.hpp"
#include "policy/policy_diff.hpp"

namespace policy::io {
namespace {

namespace json = boost::json;

// "DIR" or "DIR,DIR", in the order of --policy-dir.
std::vector<std::filesystem::path> split_directories(const std::string& word) {
  std::vector<std::filesystem::path> directories;
  for (std::size_t start = 0; start <= word.size();) {
    const std::size_t end = std::min(word.find(',', start), word.size());
    if (end > start) directories.emplace_back(word.substr(start, end - start));
    start = end + 1;
  }
  return directories;
}

json::object describe(const Decision& decision) {
  switch (decision.kind) {
    case Decision::Kind::allow:
      return {{"decision", "allow"},
              {"target", decision.target},
              {"user", decision.user},
              {"autostart", decision.autostart},
              {"notify", decision.notify}};
    case Decision::Kind::ask: {
      json::object asked{{"decision", "ask"},
                         {"default_target", decision.default_target},
                         {"user", decision.user},
                         {"autostart", decision.autostart},
                         {"notify", decision.notify}};
      if (!decision.targets.empty()) asked["targets"] = json::value_from(decision.targets);
      return asked;
    }
    case Decision::Kind::deny:
      break;
  }
  return {{"decision", "deny"}, {"message", decision.message}, {"notify", decision.notify}};
}

json::object describe(const ChangeGroup& group) {
  json::array examples;
  for (const ChangedCall& call : group.examples) {
    examples.push_back(json::object{{"source", call.source},
                                    {"target", call.target},
                                    {"service", call.service},
                                    {"before", describe(call.before)},
                                    {"after", describe(call.after)}});
  }
  return {{"before", group.before},
          {"after", group.after},
          {"rule_before", group.rule_before},
          {"rule_after", group.rule_after},
          {"calls", group.calls},
          {"services", json::value_from(group.services)},
          {"sources", json::value_from(group.sources)},
          {"targets", json::value_from(group.targets)},
          {"examples", std::move(examples)}};
}

std::string as_json(const PolicyDiff& diff) {
  json::array groups;
  for (const ChangeGroup& group : diff.groups) groups.push_back(describe(group));
  return json::serialize(json::object{
      {"calls", diff.calls}, {"complete", diff.complete}, {"groups", std::move(groups)}});
}

int cannot_compare(const ToolWorld& world, const std::string& why) {
  failed(world, why);
  return exit_usage;
}

int run_diff(const Settings& settings, const ToolWorld& world) {
  if (settings.words.size() != 2) return misused(diff_tool(), world, "OLD and NEW are to be given");
  const auto system = read_system_info(settings, world);
  if (!system) return cannot_compare(world, system.error().text);
  std::vector<PolicyStore> stores;
  for (const std::string& word : settings.words) {
    stores.emplace_back(split_directories(word), settings.legacy(world.paths));
    const auto& rules = stores.back().current();
    if (!rules) {
      return cannot_compare(
          world, word + " cannot be compared, it denies everything: " + rules.error().text);
    }
  }
  const PolicyDiff diff = compare_policies(*stores[0].current(), *stores[1].current(), *system);
  world.out << (settings.json ? as_json(diff) + "\n" : describe_diff(diff));
  return diff.calls == 0 ? 0 : exit_failure;
}

}  // namespace

ToolCommand diff_tool() {
  return {.name = "diff",
          .usage =
              "sallyport policy diff [--compat-dir DIR] [--system-info FILE] [--json]\n"
              "                             OLD[,OLD] NEW[,NEW]\n",
          .options = {"compat-dir", "system-info", "json"},
          .run = run_diff};
}

}  // namespace policy::io
