// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/report/report_lines.hpp"

#include "base/wire/escape.hpp"
#include "base/wire/utc_text.hpp"

namespace scannerqube::report {
namespace {

class Lines {
 public:
  void add(const std::string& line) {
    if (++count_ <= max_lines) text_ += line + "\n";
  }
  std::string finish() {
    if (count_ > max_lines) {
      text_ += "... and " + std::to_string(count_ - max_lines) + " lines more\n";
    }
    return std::move(text_);
  }

 private:
  std::string text_;
  std::size_t count_ = 0;
};

void add_file(Lines& lines, const ScannedFile& file) {
  std::string head =
      "part " + std::to_string(file.part) + ": " + base::wire::escape(file.path, max_shown_path);
  if (file.deleted) head += " (deleted)";
  for (const scannerqube::Finding& finding : file.result.findings) {
    const bool signature = finding.kind == scannerqube::Finding::Kind::signature;
    std::string line = head + (signature ? ": FOUND " : ": suspicious: ") + printable(finding.name);
    if (!finding.where.empty()) line += " in " + printable(finding.where);
    lines.add(line);
  }
  for (const std::string& why : file.result.not_examined) {
    lines.add(head + ": not examined: " + printable(why));
  }
}

std::string found_lines(const MediumReport& found, std::uint64_t files_left_out) {
  Lines lines;
  for (const ScannedFile& file : found.told) add_file(lines, file);
  for (const volume::Finding& finding : found.findings) {
    lines.add(std::string(volume::name_of(finding.concern)) + ": " + printable(finding.text));
  }
  for (const HashedArea& each : found.areas) {
    const volume::Area& area = each.area;
    if (each.zeros || area.kind == volume::AreaKind::table) continue;
    lines.add(std::string(volume::name_of(area.kind)) + " at " + std::to_string(area.where.offset) +
              ", " + std::to_string(area.where.length) + " bytes: " +
              (each.sha256 == base::hash::Digest{} ? "not read"
                                                   : "sha256 " + base::hash::to_hex(each.sha256)));
  }
  for (const std::uint32_t part : found.opened_parts) {
    lines.add("part " + std::to_string(part) + " was encrypted, and opened with the passphrase");
  }
  std::string text = lines.finish();
  if (files_left_out + found.findings_left_out > 0) {
    text += "not named here: " + std::to_string(files_left_out) + " files, " +
            std::to_string(found.findings_left_out) + " findings\n";
  }
  if (found.files_from_cache + found.repeated_files > 0) {
    text += std::to_string(found.files_from_cache) + " files are clean by the cache, " +
            std::to_string(found.repeated_files) + " repeat another one\n";
  }
  return text + std::to_string(found.files) + " files, " + std::to_string(found.bytes) +
         " bytes: " + std::to_string(found.infected_files) + " infected, " +
         std::to_string(found.suspicious_files) + " suspicious, " +
         std::to_string(found.incomplete_files) + " not examined in full\n";
}

std::string coverage_line(const Coverage& coverage) {
  std::string line;
  for (const Use use : {Use::file, Use::deleted, Use::free, Use::table, Use::boot_code,
                        Use::outside, Use::unread, Use::unreadable}) {
    if (coverage.of(use) == 0) continue;
    line += (line.empty() ? "" : ", ") + std::string(name_of(use)) + " " +
            std::to_string(coverage.of(use));
  }
  return "bytes:    " + (line.empty() ? "none" : line) + "\n";
}

std::string database_text(const DatabaseInfo& database) {
  std::string text = database.version.empty() ? "of unknown version" : printable(database.version);
  if (database.date > 0) text += ", of " + base::wire::utc_text(database.date);
  if (database.sha256 != base::hash::Digest{}) {
    text += ", sha256 " + base::hash::to_hex(database.sha256);
  }
  return text;
}

std::string span_text(std::int64_t started, std::int64_t ended) {
  return base::wire::utc_text(started) + " to " + base::wire::utc_text(ended);
}

std::string scanner_lines(const ScanReport& report, const DatabaseInfo& database) {
  return "engine:   " + printable(report.engine.name) + ", " +
         std::to_string(report.engine.signatures) +
         " signatures\ndatabase: " + database_text(database) + "\n" +
         coverage_line(report.coverage);
}

std::string verdict_line(Verdict verdict) {
  return "verdict: " + std::string(verdict_name(verdict)) + "\n";
}

}  // namespace

std::string as_lines(const MediumReport& found) {
  return found_lines(found, 0) + verdict_line(found.verdict());
}

std::string as_lines(const ScanReport& report) {
  return "medium:   " + std::to_string(report.medium_size) +
         " bytes\nscanned:  " + span_text(report.started, report.ended) + "\n" +
         scanner_lines(report, report.database) + found_lines(report.found, report.files_left_out) +
         verdict_line(report.verdict());
}

std::string as_lines(const Statement& statement) {
  const ScanFacts& facts = statement.facts;
  std::string text =
      "snapshot: " + printable(facts.snapshot) + ", " + std::to_string(facts.medium_size) +
      " bytes\nroot:     " + base::hash::to_hex(facts.root) +
      "\ndevice:   " + printable(facts.device.backend) + ":" + printable(facts.device.port) + " " +
      printable(facts.device.ids) + " " + printable(facts.device.description) + "\napproved: by " +
      printable(facts.approved_by) + ", " + base::wire::utc_text(facts.approved_at) +
      "\nscanned:  " + span_text(facts.started, facts.ended) + "\n";
  if (statement.report) {
    // What dom0 gave it: the same digest, and dom0 knows more of it.
    text += scanner_lines(*statement.report, facts.database) +
            found_lines(statement.report->found, statement.report->files_left_out);
  } else {
    text += "no valid report: " + printable(statement.reason) + "\n";
  }
  return text + verdict_line(statement.verdict());
}

}  // namespace scannerqube::report
