// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/desk/io/kept_reports.hpp"

#include "base/io/files.hpp"
#include "scanner-qube/release/signed_list.hpp"
#include "scanner-qube/report/io/statement_json.hpp"
#include "scanner-qube/report/signed_text.hpp"

namespace scannerqube::desk {

std::filesystem::path KeptReports::place(const base::hash::Digest& root, const char* what) const {
  return folder_ / (base::hash::to_hex(root) + what);
}

bool KeptReports::has(const base::hash::Digest& root) const {
  std::error_code error;
  return std::filesystem::exists(place(root, ".report"), error) || error;
}

base::Result<KeptReport> KeptReports::read(const base::hash::Digest& root) const {
  auto text = base::io::read_file(place(root, ".report"), report::max_signed_bytes);
  if (!text) return base::Unexpected{text.error()};
  const auto line = report::open_signed(key_.public_key(), *text);
  if (!line) return base::fail("the kept report: " + line.error().text + "; scan again");
  auto statement = report::parse_statement(*line);
  if (!statement) return base::fail(statement.error().text + "; scan again");
  if (!statement->report) return base::fail("the last scan failed: " + statement->reason);
  if (statement->facts.root != root) return base::fail("the kept report is of other bytes");
  return KeptReport{.signed_text = *std::move(text), .statement = *std::move(statement)};
}

base::Result<std::string> KeptReports::read_list(const KeptReport& report) const {
  const auto text =
      base::io::read_file(place(report.statement.facts.root, ".files"), release::max_signed_list);
  const std::string how = "; scan the snapshot again with --again";
  if (!text) return base::fail("there is no list of clean files with its report" + how);
  const auto list = release::open_list(key_.public_key(), report.signed_text, *text);
  if (!list) return base::fail(list.error().text + how);
  return *text;
}

base::Status KeptReports::keep(const report::Statement& statement, std::string_view signed_text,
                               std::string_view list) const {
  const base::hash::Digest& root = statement.facts.root;
  if (!statement.report && read(root)) return base::Ok{};
  // First the list: it fits the new report alone, so a report never has another one's list.
  std::error_code ignored;
  std::filesystem::remove(place(root, ".files"), ignored);
  if (statement.report && !list.empty()) {
    const std::string signed_list = release::sign_list(key_, signed_text, list);
    auto kept = base::io::write_file_atomically(place(root, ".files"), signed_list, 0640);
    if (!kept) return kept;
  }
  return base::io::write_file_atomically(place(root, ".report"), signed_text, 0640);
}

}  // namespace scannerqube::desk
