// SPDX-License-Identifier: GPL-2.0-or-later
// All policy files, parsed: the rules in the order in which they are tried.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire/result.hpp"
#include "policy/rule.hpp"
#include "policy/ruleset_index.hpp"

namespace policy {

struct PolicyFile {
  std::string name;  // as it is to stand in messages: "30-user.policy"
  std::string text;
};

// Where !include finds its files. Paths are as written in the policy, relative to the directory of
// the top-level file. An error's text is what stands behind FILE:LINE ("not a file: include/x").
class IncludeSource {
 public:
  IncludeSource() = default;
  IncludeSource(const IncludeSource&) = delete;
  IncludeSource& operator=(const IncludeSource&) = delete;
  IncludeSource(IncludeSource&&) = delete;
  IncludeSource& operator=(IncludeSource&&) = delete;
  virtual ~IncludeSource() = default;
  virtual base::Result<PolicyFile> file(const std::string& path) = 0;
  // The .policy files of a directory, sorted by name.
  virtual base::Result<std::vector<std::string>> directory(const std::string& path) = 0;
  // For !compat-4.0: the names of all files of the legacy directory, and one of them.
  virtual base::Result<std::vector<std::string>> legacy_names() = 0;
  virtual base::Result<PolicyFile> legacy_file(const std::string& name) = 0;
};

// Immutable once parsed; copies share nothing and may be kept while policy is reloaded.
class Ruleset {
 public:
  // More than this is refused, so that a mistaken include cannot eat the daemon's memory.
  static constexpr std::size_t max_rules = 20000;

  explicit Ruleset(std::vector<Rule> rules) : rules_(std::move(rules)), index_(rules_) {}
  const std::vector<Rule>& rules() const { return rules_; }
  const RulesetIndex& index() const { return index_; }

 private:
  std::vector<Rule> rules_;
  RulesetIndex index_;
};

// Stands in the error of a file that includes itself.
inline constexpr std::string_view include_cycle = "include cycle: ";

// `files` in the order in which they are to be tried. The first mistake ends it: "FILE:LINE: text".
// Without `includes` every !include is such a mistake.
base::Result<Ruleset> parse_policy(const std::vector<PolicyFile>& files,
                                   IncludeSource* includes = nullptr);

}  // namespace policy
