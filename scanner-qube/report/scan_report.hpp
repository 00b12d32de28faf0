// SPDX-License-Identifier: GPL-2.0-or-later
// The answer of the scanner qube: what it found on a medium, and what it did not look at.
//
// It comes from a qube that read a stranger's bytes, so nobody believes it before check(). Its form
// on the way is JSON (io/report_json.hpp, docs/scan-report.schema.json).
//
// Pure values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "scanner-qube/engine/scan_engine.hpp"
#include "scanner-qube/report/coverage.hpp"
#include "scanner-qube/report/scan_limits.hpp"
#include "scanner-qube/scan/medium_report.hpp"

namespace scannerqube::report {

inline constexpr std::size_t max_text = 512;        // bytes of each text that is shown
inline constexpr std::size_t max_shown_path = 512;  // bytes of a path that are shown
// As JSON, all that is in it. What does not fit is counted: files_left_out, findings_left_out.
inline constexpr std::size_t max_report_bytes = std::size_t{16} * 1024 * 1024;
inline constexpr std::size_t max_files_bytes = std::size_t{10} * 1024 * 1024;
inline constexpr std::size_t max_findings_bytes = std::size_t{5} * 1024 * 1024;
// What every reader of JSON takes for an integer (2^53 - 1).
inline constexpr std::uint64_t max_number = 9'007'199'254'740'991;

// The signatures that were used. Zeros and empty: not known.
struct DatabaseInfo {
  std::string version = {};
  base::hash::Digest sha256 = {};
  std::int64_t date = 0;  // seconds since 1970
  friend bool operator==(const DatabaseInfo&, const DatabaseInfo&) = default;
};

struct ScanReport {
  Verdict said = Verdict::failed;  // the scanner's own word; verdict() is what counts
  MediumReport found = {};
  std::uint64_t files_left_out = 0;  // of those that are not clean
  Coverage coverage = {};
  ScanLimits limits = {};
  EngineInfo engine = {};
  DatabaseInfo database = {};
  std::int64_t started = 0;  // seconds since 1970, by the scanner's clock
  std::int64_t ended = 0;
  std::uint64_t medium_size = 0;

  // The worse of what it says and what follows from its content.
  Verdict verdict() const;
};

// Puts the worst files first and leaves out what is beyond the bounds of a report: then it is what
// check() and the JSON's parser accept. `said` is set to what follows from the content.
void settle(ScanReport& report);

// An error says in which way the report contradicts itself or says something milder than it holds.
base::Status check(const ScanReport& report);

// Printable ASCII as it is; a text with anything else escaped; cut where it is long.
std::string printable(std::string_view text, std::size_t limit = max_text);
bool is_printable(std::string_view text);

}  // namespace scannerqube::report
