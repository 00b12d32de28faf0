// SPDX-License-Identifier: GPL-2.0-or-later
// The files of a policy on disk: which of them count, in which order, and those they include.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire/result.hpp"
#include "policy/finding.hpp"
#include "policy/ruleset.hpp"

namespace policy::io {

inline constexpr std::size_t max_policy_files = 256;
inline constexpr std::size_t max_policy_file_size = std::size_t{1024} * 1024;
inline constexpr std::string_view policy_suffix = ".policy";

using PolicyPaths = std::map<std::string, std::filesystem::path>;  // by name: the order of reading

// Lower case letters, digits, '_', '.' and '-': any other name spoils the whole policy.
bool legal_policy_name(std::string_view name);

// Adds the .policy files of a directory, except those whose name an earlier directory has.
base::Status scan_policy(const std::filesystem::path& directory, PolicyPaths& files);

// One file, with the bound that the store has.
base::Result<PolicyFile> read_policy_file(const std::filesystem::path& path);

// All that is to be said about the directories before a line is read: what makes the policy
// unusable, files that another one hides, and files that were surely meant to be policy.
struct Survey {
  PolicyPaths files = {};
  std::vector<Finding> findings = {};
};
Survey survey_policy(const std::vector<std::filesystem::path>& directories);

// Finds included files in the policy directories, in their order, and notes what was looked at.
// Borrows its arguments.
class DiskIncludes : public IncludeSource {
 public:
  DiskIncludes(const std::vector<std::filesystem::path>& directories,
               const std::filesystem::path& legacy, std::vector<std::filesystem::path>& watched)
      : directories_(directories), legacy_(legacy), watched_(watched) {}

  base::Result<PolicyFile> file(const std::string& path) override;
  base::Result<std::vector<std::string>> directory(const std::string& path) override;
  base::Result<std::vector<std::string>> legacy_names() override;
  base::Result<PolicyFile> legacy_file(const std::string& name) override;

 private:
  const std::vector<std::filesystem::path>& directories_;
  const std::filesystem::path& legacy_;
  std::vector<std::filesystem::path>& watched_;
};

}  // namespace policy::io
