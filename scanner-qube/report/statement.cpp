// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/report/statement.hpp"

#include <algorithm>

namespace scannerqube::report {

Verdict Statement::verdict() const { return report ? report->verdict() : Verdict::failed; }

void settle(ScanFacts& facts) {
  for (std::string* text :
       {&facts.snapshot, &facts.device.backend, &facts.device.port, &facts.device.ids,
        &facts.device.description, &facts.approved_by, &facts.database.version}) {
    *text = printable(*text);
  }
  for (std::int64_t* time :
       {&facts.approved_at, &facts.started, &facts.ended, &facts.database.date}) {
    *time = std::max<std::int64_t>(*time, 0);
  }
  // A clock that was set back: a scan has no end before its start.
  facts.ended = std::max(facts.ended, facts.started);
}

Statement failed_statement(ScanFacts facts, std::string_view reason) {
  settle(facts);
  return {.facts = std::move(facts),
          .reason = reason.empty() ? "no reason was given" : printable(reason),
          .report = std::nullopt};
}

base::Status check(const Statement& statement, const base::hash::Digest& report_options) {
  const ScanFacts& facts = statement.facts;
  if (facts.ended < facts.started) return base::fail("the scan ended before it started");
  if (!statement.report) {
    if (statement.reason.empty()) return base::fail("there is neither a report nor a reason");
    return base::Ok{};
  }
  if (!statement.reason.empty()) return base::fail("there is a report and a reason against one");
  if (auto report = check(*statement.report); !report) {
    return base::fail("the report: " + report.error().text);
  }
  if (statement.report->medium_size != facts.medium_size) {
    return base::fail("the report is about a medium of " +
                      std::to_string(statement.report->medium_size) + " bytes, the snapshot has " +
                      std::to_string(facts.medium_size));
  }
  if (report_options != facts.options) {
    return base::fail("the report tells other limits than were asked for");
  }
  if (statement.report->database.sha256 != facts.database.sha256) {
    return base::fail("the report tells another database than was given");
  }
  return base::Ok{};
}

}  // namespace scannerqube::report
