// SPDX-License-Identifier: GPL-2.0-or-later
// Which decisions differ between two policies, over all qubes and all calls that either tells
// apart.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "policy/evaluator.hpp"

namespace policy {

// One call that is decided otherwise.
struct ChangedCall {
  std::string source;
  std::string target;   // as asked for
  std::string service;  // as CallName::text
  Decision before;      // `targets` only where both ask
  Decision after;
};

// What a change of one rule, or of none to one, does: all calls that went from the one to the
// other.
struct ChangeGroup {
  std::string before;       // "deny", "ask", "allow"
  std::string after;        // the same; with "(other target)" or the like if the words are the same
  std::string rule_before;  // "FILE:LINE" without folders; empty: no rule matched
  std::string rule_after;
  std::size_t calls = 0;
  std::set<std::string> services = {};
  std::set<std::string> sources = {};
  std::set<std::string> targets = {};
  std::vector<ChangedCall> examples = {};  // all of them, as long as they are few
};

struct PolicyDiff {
  static constexpr std::size_t max_groups = 5000;
  static constexpr std::size_t max_examples = 8;  // of a group

  std::vector<ChangeGroup> groups = {};
  std::size_t calls = 0;  // that changed, in all
  bool complete = true;   // false: some stand in no group
};

PolicyDiff compare_policies(const Ruleset& before, const Ruleset& after, const SystemInfo& system);

// For a person: a line for each changed call, one for many that one rule changed.
std::string describe_diff(const PolicyDiff& diff);

}  // namespace policy
