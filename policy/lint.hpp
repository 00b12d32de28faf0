// SPDX-License-Identifier: GPL-2.0-or-later
// All that is wrong with a policy, and what parses but is surely not meant.
#pragma once

#include <cstddef>
#include <vector>

#include "policy/finding.hpp"
#include "policy/parse_observer.hpp"
#include "policy/system_info.hpp"

namespace policy {

struct LintOptions {
  IncludeSource* includes = nullptr;
  const SystemInfo* system = nullptr;  // nullptr: whether qubes exist is not asked
  RuleForm form = RuleForm::five_columns;
};

struct LintReport {
  std::vector<Finding> findings = {};  // by file, in the order of reading, line and column
  std::size_t rules = 0;               // that parsed
  bool complete = true;                // false: there were more than max_findings
};

inline constexpr std::size_t max_findings = 1000;

// An error for each mistake: there is one exactly if parse_policy() of the same text fails. `files`
// in the order in which they are tried.
LintReport lint(const std::vector<PolicyFile>& files, const LintOptions& options);

}  // namespace policy
