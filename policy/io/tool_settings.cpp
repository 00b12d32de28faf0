// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/io/tool_settings.hpp"

#include <algorithm>
#include <boost/program_options.hpp>
#include <ostream>

#include "base/io/files.hpp"
#include "policy/io/decision_json.hpp"
#include "policy/io/device_facts_json.hpp"

namespace policy::io {
namespace {

constexpr std::string_view device_service = "qubes.USB";

namespace po = boost::program_options;

constexpr std::size_t max_system_info = std::size_t{4} * 1024 * 1024;

// Throws po::error.
Settings parse(const ToolCommand& command, const std::vector<std::string>& words) {
  Settings settings;
  po::options_description known;
  const auto takes = [&command](std::string_view name) {
    return std::find(command.options.begin(), command.options.end(), name) != command.options.end();
  };
  const auto add = [&](const char* name, auto& into) {
    if (takes(name)) known.add_options()(name, po::value(&into), "");
  };
  const auto add_switch = [&](const char* name, bool& into) {
    if (takes(name)) known.add_options()(name, po::bool_switch(&into), "");
  };
  add("policy-dir", settings.policy_dirs);
  add("compat-dir", settings.compat_dir);
  add("system-info", settings.system_info);
  add("service", settings.services);
  add("source", settings.sources);
  add_switch("batch", settings.batch);
  add_switch("strict", settings.strict);
  add_switch("include-service", settings.include_service);
  add_switch("json", settings.json);
  known.add_options()("words", po::value(&settings.words), "");
  po::positional_options_description positions;
  positions.add("words", -1);
  po::variables_map given;
  po::store(po::command_line_parser(words).options(known).positional(positions).run(), given);
  po::notify(given);
  return settings;
}

}  // namespace

std::vector<std::filesystem::path> Settings::directories(const base::io::Paths& paths) const {
  if (policy_dirs.empty()) return {paths.runtime_policy_d(), paths.policy_d()};
  return {policy_dirs.begin(), policy_dirs.end()};
}

std::filesystem::path Settings::legacy(const base::io::Paths& paths) const {
  return compat_dir.empty() ? paths.legacy_policy() : std::filesystem::path(compat_dir);
}

PolicyStore Settings::open_store(const base::io::Paths& paths) const {
  return PolicyStore(directories(paths), legacy(paths));
}

base::Result<Settings> parse_settings(const ToolCommand& command,
                                      const std::vector<std::string>& words) {
  try {
    return parse(command, words);
  } catch (const po::error& error) {
    return base::fail(error.what());
  }
}

int misused(const ToolCommand& command, const ToolWorld& world, const std::string& what) {
  world.errors << "sallyport policy " << command.name << ": " << what
               << "\nusage: " << command.usage;
  return exit_usage;
}

int failed(const ToolWorld& world, const std::string& what) {
  world.errors << "sallyport policy: " << what << "\n";
  return exit_failure;
}

base::Result<SystemInfo> read_system_info(const Settings& settings, const ToolWorld& world) {
  std::string text;
  if (!settings.system_info.empty()) {
    auto read = base::io::read_file(settings.system_info, max_system_info);
    if (!read) return base::Unexpected{read.error()};
    text = *std::move(read);
  } else if (world.fetch_system_info) {
    auto fetched = world.fetch_system_info();
    if (!fetched) {
      return base::fail(
          "which qubes there are is not known: give --system-info FILE, or let the "
          "daemon be asked: " +
          fetched.error().text);
    }
    text = *std::move(fetched);
  } else {
    return base::fail(
        "which qubes there are is not known: give --system-info FILE, JSON as "
        "internal.GetSystemInfo answers it");
  }
  auto system = parse_system_info(text);
  if (system || settings.system_info.empty()) return system;
  return base::fail(settings.system_info + ": " + system.error().text);
}

std::optional<DeviceFacts> find_device(const Settings& settings, const ToolWorld& world,
                                       const Request& request) {
  if (!settings.system_info.empty() || !world.fetch_device) return std::nullopt;
  if (request.service != device_service || request.argument.size() < 2) return std::nullopt;
  const auto told = world.fetch_device(request.target, request.argument.substr(1));
  if (!told) return std::nullopt;  // nothing is plugged in there, or the target is no qube
  const auto facts = parse_device_facts(*told);
  return facts ? std::optional(*facts) : std::nullopt;
}

std::string counted(std::size_t number, const std::string& what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

}  // namespace policy::io
