// SPDX-License-Identifier: GPL-2.0-or-later
// Reports; see the header.
#include "tests/bench/report.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <fstream>

namespace bench {
namespace {

const char* describe(Better better) {
  switch (better) {
    case Better::higher:
      return "higher";
    case Better::lower:
      return "lower";
  }
  return "";
}

std::string row(const std::string& name, const std::string& value, const std::string& unit,
                const std::string& better) {
  char line[160];
  std::snprintf(line, sizeof(line), "%-34s %12s  %-6s %s\n", name.c_str(), value.c_str(),
                unit.c_str(), better.c_str());
  return line;
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

std::string table(const Report& report) {
  std::string text = row("result", "value", "unit", "better");
  for (const Value& each : report.results) {
    char number[48];
    std::snprintf(number, sizeof(number), "%.3f", each.value);
    text += row(each.name, number, each.unit, describe(each.better));
  }
  return text + "machine: " + report.machine + '\n';
}

std::string json(const Report& report) {
  boost::json::array results;
  for (const Value& each : report.results) {
    results.push_back(boost::json::object{{"name", each.name},
                                          {"value", each.value},
                                          {"unit", each.unit},
                                          {"better", describe(each.better)}});
  }
  const boost::json::object whole{
      {"group", report.group}, {"machine", report.machine}, {"results", std::move(results)}};
  return boost::json::serialize(whole) + '\n';
}

std::string host() {
  std::string model = "unknown processor";
  std::ifstream processors("/proc/cpuinfo");
  for (std::string line; std::getline(processors, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) {
      model = line.substr(colon + 2);
      break;
    }
  }
  return model + ", " + std::to_string(::sysconf(_SC_NPROCESSORS_ONLN)) + " cores";
}

}  // namespace bench
