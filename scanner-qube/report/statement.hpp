// SPDX-License-Identifier: GPL-2.0-or-later
// What dom0 states of a scan, and signs: what it knows itself, and the report of the scanner qube.
//
// Pure values.
#pragma once

#include <optional>
#include <string>

#include "scanner-qube/report/scan_report.hpp"

namespace scannerqube::report {

// What who asked for the scan called the device, escaped; the root binds a report to bytes.
struct ScannedDevice {
  std::string backend = {};      // the qube that has it
  std::string port = {};         // "sda"
  std::string ids = {};          // "0951:1666"
  std::string description = {};  // "Kingston DataTraveler (serial 1234)"
  friend bool operator==(const ScannedDevice&, const ScannedDevice&) = default;
};

// Known to dom0 without asking the scanner.
struct ScanFacts {
  std::string snapshot = {};     // its name
  base::hash::Digest root = {};  // of the sealed snapshot: base/hash/merkle.hpp
  std::uint64_t medium_size = 0;
  ScannedDevice device = {};
  std::string approved_by = {};  // a person or a rule
  std::int64_t approved_at = 0;  // seconds since 1970, as all times
  std::int64_t started = 0;      // by dom0's clock
  std::int64_t ended = 0;
  base::hash::Digest options = {};  // digest_of() of the limits that were asked for
  DatabaseInfo database = {};       // that was given to the scanner
  friend bool operator==(const ScanFacts&, const ScanFacts&) = default;
};

struct Statement {
  ScanFacts facts = {};
  std::string reason = {};  // why there is no report
  std::optional<ScanReport> report = {};

  // `failed` without a report.
  Verdict verdict() const;
};

// There was no answer, or none that could be believed.
Statement failed_statement(ScanFacts facts, std::string_view reason);

// Makes every text printable and bounded.
void settle(ScanFacts& facts);
// An error says in which way the report is not about what dom0 had scanned, or contradicts itself.
base::Status check(const Statement& statement, const base::hash::Digest& report_options);

}  // namespace scannerqube::report
