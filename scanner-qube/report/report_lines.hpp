// SPDX-License-Identifier: GPL-2.0-or-later
// Reports and statements as lines for people. Everything of the medium is escaped; there are at
// most so many lines.
//
// Pure.
#pragma once

#include <string>

#include "scanner-qube/report/statement.hpp"

namespace scannerqube::report {

inline constexpr std::size_t max_lines = 2000;  // of files and findings; the rest is counted

// A line for each thing to be told, the verdict last.
std::string as_lines(const MediumReport& found);
// With the engine, the database and what became of the medium's bytes.
std::string as_lines(const ScanReport& report);
std::string as_lines(const Statement& statement);

}  // namespace scannerqube::report
