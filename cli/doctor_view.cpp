// SPDX-License-Identifier: GPL-2.0-or-later
// Findings as people and programs read them.
#include <boost/json.hpp>

#include "cli/doctor_findings.hpp"

namespace cli::doctor {
namespace {

constexpr std::size_t severity_width = 9;
constexpr std::size_t check_width = 10;

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size() + 1), ' ');
  return text;
}

}  // namespace

std::string format_findings(const std::vector<Finding>& findings) {
  std::string out;
  for (const Finding& each : findings) {
    out += padded(name_of(each.severity), severity_width) + padded(each.check, check_width) +
           each.found + "\n";
    const std::string indent(severity_width + check_width, ' ');
    bool first = true;
    for (const std::string& line : each.remedy) {
      out += indent + (std::exchange(first, false) ? "-> " : "or ") + line + "\n";
    }
  }
  return out;
}

std::string findings_json(const std::vector<Finding>& findings) {
  boost::json::array list;
  for (const Finding& each : findings) {
    boost::json::array remedy;
    for (const std::string& line : each.remedy) remedy.emplace_back(line);
    list.push_back(boost::json::object{{"check", each.check},
                                       {"severity", name_of(each.severity)},
                                       {"found", each.found},
                                       {"remedy", std::move(remedy)}});
  }
  return boost::json::serialize(
             boost::json::object{{"ok", !any_problem(findings)}, {"findings", std::move(list)}}) +
         "\n";
}

}  // namespace cli::doctor
