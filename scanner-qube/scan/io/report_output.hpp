// SPDX-License-Identifier: GPL-2.0-or-later
// A report as lines for people, and as JSON.
#pragma once

#include <string>

#include "scanner-qube/engine/scan_engine.hpp"
#include "scanner-qube/scan/medium_report.hpp"

namespace scannerqube::io {

// A line for each thing to be told, the verdict last. Everything of the medium is escaped.
std::string as_lines(const MediumReport& report);
std::string as_json(const MediumReport& report, const EngineInfo& engine);

}  // namespace scannerqube::io
