// SPDX-License-Identifier: GPL-2.0-or-later
// A scan report as JSON (docs/scan-report.schema.json): one line, sorted members, no blanks, whole
// numbers, printable ASCII. There is one text for each report, and no other is taken.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "scanner-qube/report/scan_report.hpp"

namespace scannerqube::report {

struct Complaint;

inline constexpr std::string_view report_schema = "sallyport scan report 1";

// Of a report that settle() has bounded. Without a newline.
std::string encode_report(const ScanReport& report);
// A newline may end it. What comes back has passed check().
base::Result<ScanReport> parse_report(std::string_view untrusted);

// SHA-256 of the limits as they stand in a report: `jq -cS .limits`, without its newline.
base::hash::Digest digest_of(const ScanLimits& limits);

// Parts of a larger text.
boost::json::value to_json(const ScanReport& report);
boost::json::value to_json(const DatabaseInfo& database);
ScanReport read_report(const boost::json::value& untrusted, Complaint& complaint);
DatabaseInfo read_database(const boost::json::value& untrusted, const std::string& where,
                           Complaint& complaint);
// The text is the only one for what was read from it.
base::Status same_text(std::string_view untrusted, std::string_view written);

}  // namespace scannerqube::report
