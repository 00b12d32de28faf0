// SPDX-License-Identifier: GPL-2.0-or-later
// What `sallyport doctor` makes of the facts: could the person at this host still type, and answer
// a prompt, after the next start?
#pragma once

#include <string>
#include <vector>

#include "cli/doctor_facts.hpp"

namespace cli::doctor {

enum class Severity { ok, warning, problem };
const char* name_of(Severity severity);

struct Finding {
  std::string check = {};  // "keyboard", "policy", "prompt", "disk", "registry"
  Severity severity = Severity::ok;
  std::string found = {};                // one line
  std::vector<std::string> remedy = {};  // a line for each thing to do; one of them is enough
};

std::vector<Finding> examine(const Facts& facts);
bool any_problem(const std::vector<Finding>& findings);

// A line for each finding, the remedy indented below it; or one line of JSON.
std::string format_findings(const std::vector<Finding>& findings);
std::string findings_json(const std::vector<Finding>& findings);

}  // namespace cli::doctor
