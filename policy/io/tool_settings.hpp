// SPDX-License-Identifier: GPL-2.0-or-later
// What the sub-commands of `sallyport policy` have in common: options, the policy, the qubes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/io/policy_store.hpp"
#include "policy/io/tool.hpp"
#include "policy/request.hpp"
#include "policy/system_info.hpp"

namespace policy::io {

inline constexpr int exit_failure = 1;
inline constexpr int exit_usage = 2;

struct Settings {
  std::vector<std::string> policy_dirs;
  std::string compat_dir;
  std::string system_info;
  bool batch = false;
  bool strict = false;
  bool include_service = false;
  bool json = false;
  std::vector<std::string> services;
  std::vector<std::string> sources;
  std::vector<std::string> words;  // what is no option

  std::vector<std::filesystem::path> directories(const base::io::Paths& paths) const;
  std::filesystem::path legacy(const base::io::Paths& paths) const;
  PolicyStore open_store(const base::io::Paths& paths) const;
};

// One sub-command. `options`: the names of those it takes, beside --help.
struct ToolCommand {
  std::string_view name;
  std::string_view usage;  // lines behind "usage: "
  std::vector<std::string_view> options;
  int (*run)(const Settings& settings, const ToolWorld& world);
};

base::Result<Settings> parse_settings(const ToolCommand& command,
                                      const std::vector<std::string>& words);

// Prints what is wrong and how it is used.
int misused(const ToolCommand& command, const ToolWorld& world, const std::string& what);
// Prints what could not be done.
int failed(const ToolWorld& world, const std::string& what);

// From --system-info, else from the daemon. The error says how to get such a file.
base::Result<SystemInfo> read_system_info(const Settings& settings, const ToolWorld& world);

// What dom0 knows of the device that the request is about, if it is about one that is plugged in
// now. Nothing where the daemon is not asked which qubes there are either.
std::optional<DeviceFacts> find_device(const Settings& settings, const ToolWorld& world,
                                       const Request& request);

// "3 rules", "1 rule"
std::string counted(std::size_t number, const std::string& what);

}  // namespace policy::io
