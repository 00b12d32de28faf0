// SPDX-License-Identifier: GPL-2.0-or-later
// Follows a policy line by line while it is parsed, and lets parsing go on behind a mistake.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "policy/ruleset.hpp"

namespace policy {

class ParseObserver {
 public:
  // Valid during the call.
  struct Line {
    const std::string& file;  // as in messages
    unsigned number;          // from 1
    std::string_view raw;     // as it stands in the file
    std::size_t start;        // of `text` in `raw`; columns of the two agree from there
    const std::string& text;  // what was parsed: without blanks before it, the old form modernised
    bool three_columns;       // service and argument come from elsewhere
  };

  ParseObserver() = default;
  ParseObserver(const ParseObserver&) = delete;
  ParseObserver& operator=(const ParseObserver&) = delete;
  ParseObserver(ParseObserver&&) = delete;
  ParseObserver& operator=(ParseObserver&&) = delete;
  virtual ~ParseObserver() = default;

  virtual void rule(const Line& line, const Rule& rule) = 0;
  // `text` is parse_policy()'s error. False ends the parsing.
  virtual bool mistake(const Line& line, const std::string& text) = 0;
};

// A file of !include-service has three columns.
enum class RuleForm { five_columns, three_columns };

// Parses as parse_policy() does, but tells `observer` and keeps no rules.
void observe_policy(const std::vector<PolicyFile>& files, IncludeSource* includes,
                    ParseObserver& observer, RuleForm form = RuleForm::five_columns);

}  // namespace policy
