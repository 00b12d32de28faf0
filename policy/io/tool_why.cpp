// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport policy why`: which rule decided, and what would change it.
#include <ostream>

#include "policy/explain.hpp"
#include "policy/io/tool_commands.hpp"

namespace policy::io {
namespace {

constexpr const char* own_name = "30-user.policy";  // Qubes' name for a person's own rules

// Parses the files that come before it, which says where its first rule would stand.
OwnRules find_own_rules(const std::vector<std::filesystem::path>& directories,
                        const std::filesystem::path& legacy) {
  OwnRules own{.file = (directories.back() / own_name).string()};
  PolicyPaths files;
  for (const auto& directory : directories) {
    if (!scan_policy(directory, files)) return own;
  }
  std::vector<PolicyFile> before;
  for (const auto& [name, path] : files) {
    if (name == own_name) own.file = path.string();
    if (name >= own_name) break;
    if (auto file = read_policy_file(path)) before.push_back(*std::move(file));
  }
  std::vector<std::filesystem::path> looked_at;
  DiskIncludes includes(directories, legacy, looked_at);
  if (const auto rules = parse_policy(before, &includes)) own.before = rules->rules().size();
  return own;
}

int run_why(const Settings& settings, const ToolWorld& world) {
  if (settings.words.size() != 3) {
    return misused(why_tool(), world, "SOURCE, TARGET and SERVICE are to be given");
  }
  auto request = parse_request(settings.words[0], settings.words[1], settings.words[2]);
  if (!request) return misused(why_tool(), world, request.error().text);
  const auto system = read_system_info(settings, world);
  if (!system) return failed(world, system.error().text);
  request->device = find_device(settings, world, *request);
  PolicyStore store = settings.open_store(world.paths);
  const auto& rules = store.current();
  if (!rules) {
    world.out << "deny, as everything is: " << rules.error().text
              << "\nTo change it, mend that; `sallyport policy check` shows all that is wrong.\n";
    return 0;
  }
  const OwnRules own =
      find_own_rules(settings.directories(world.paths), settings.legacy(world.paths));
  world.out << explain(*rules, *system, *request, own);
  return 0;
}

}  // namespace

ToolCommand why_tool() {
  return {.name = "why",
          .usage =
              "sallyport policy why [--policy-dir DIR]... [--compat-dir DIR]\n"
              "                            [--system-info FILE] SOURCE TARGET SERVICE[+ARGUMENT]\n",
          .options = {"policy-dir", "compat-dir", "system-info"},
          .run = run_why};
}

}  // namespace policy::io
