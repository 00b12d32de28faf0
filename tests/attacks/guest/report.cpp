// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/attacks/guest/report.hpp"

#include <array>
#include <cstdlib>

namespace attacks {
namespace {

constexpr std::array outcomes{Outcome::not_enumerated, Outcome::refused,  Outcome::ended,
                              Outcome::unplugged,      Outcome::attached, Outcome::harmless,
                              Outcome::rejected};

// A line of ours has no line breaks within.
std::string flat(std::string text) {
  for (char& c : text) c = c == '\n' || c == '\r' ? ' ' : c;
  return text;
}

void set(Report& report, std::string_view key, const std::string& value) {
  const long number = std::strtol(value.c_str(), nullptr, 10);
  if (key == "outcome") {
    const auto index = static_cast<std::size_t>(number);
    if (index < outcomes.size()) {
      report.outcome = outcomes[index];
      report.error.clear();
    }
  } else if (key == "frontend") {
    report.frontend = value;
  } else if (key == "backend") {
    report.backend = value;
  } else if (key == "driver") {
    report.drivers.push_back(value);
  } else if (key == "alarm") {
    report.alarms.push_back(value);
  } else if (key == "left") {
    report.left.push_back(value);
  } else if (key == "log") {
    report.log.push_back(value);
  } else if (key == "source-driver") {
    report.source_driver = value;
  } else if (key == "honest") {
    report.honest = value;
  } else if (key == "frontend-kib") {
    report.frontend_kib = number;
  } else if (key == "backend-kib") {
    report.backend_kib = number;
  } else if (key == "taint") {
    report.taint = number;
  } else if (key == "available-mib") {
    report.available_mib = number;
  } else if (key == "ms") {
    report.milliseconds = number;
  }
}

}  // namespace

std::string to_text(const Report& report) {
  std::string text;
  const auto line = [&text](std::string_view key, const std::string& value) {
    text += std::string(key) + "=" + flat(value) + "\n";
  };
  if (!report.error.empty()) {
    line("error", report.error);
  } else {
    line("outcome", std::to_string(static_cast<int>(report.outcome)));
  }
  line("frontend", report.frontend);
  line("backend", report.backend);
  for (const auto& each : report.drivers) line("driver", each);
  for (const auto& each : report.alarms) line("alarm", each);
  for (const auto& each : report.left) line("left", each);
  line("source-driver", report.source_driver);
  line("honest", report.honest);
  line("frontend-kib", std::to_string(report.frontend_kib));
  line("backend-kib", std::to_string(report.backend_kib));
  line("taint", std::to_string(report.taint));
  line("available-mib", std::to_string(report.available_mib));
  line("ms", std::to_string(report.milliseconds));
  for (const auto& each : report.log) line("log", each);
  return text;
}

Report report_from(std::string_view text) {
  Report report;
  report.error = "the runner said: " + std::string(text.substr(0, 2000));
  report.taint = -1;
  report.honest = "not looked at";
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    set(report, line.substr(0, equals), std::string(line.substr(equals + 1)));
  }
  return report;
}

}  // namespace attacks
