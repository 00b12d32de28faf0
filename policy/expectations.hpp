// SPDX-License-Identifier: GPL-2.0-or-later
// What a person expects of their policy, a call a line, and whether it is so.
//
//   SOURCE TARGET SERVICE[+ARGUMENT] allow|deny|ask [target=T] [default_target=T] [user=U] [rule=R]
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/evaluator.hpp"
#include "policy/finding.hpp"

namespace policy {

struct Expectation {
  unsigned line = 0;
  Request request;
  Decision::Kind kind = Decision::Kind::deny;
  std::optional<std::string> target = {};          // allow: where to; ask: one that is offered
  std::optional<std::string> default_target = {};  // ask: preselected; empty: none
  std::optional<std::string> user = {};            // empty: the service's own
  std::optional<std::string> rule = {};            // "FILE:LINE", "FILE", or "none"
};

struct Expectations {
  static constexpr std::size_t max_count = 20000;

  std::vector<Expectation> all = {};
  std::vector<Finding> mistakes = {};  // lines that cannot be understood
};

// `file` as it is to stand in messages.
Expectations parse_expectations(std::string_view text, const std::string& file);

// Empty: as expected. Else what was expected, what came and why, in one line or two.
std::string find_failure(const Expectation& expected, const Ruleset& rules,
                         const SystemInfo& system);

}  // namespace policy
