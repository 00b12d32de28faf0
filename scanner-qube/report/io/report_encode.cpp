// SPDX-License-Identifier: GPL-2.0-or-later
// The writing half of report_json.hpp. Members are written in the order of their names.
#include <boost/json.hpp>

#include "base/hash/sha256.hpp"
#include "base/wire/escape.hpp"
#include "scanner-qube/report/io/report_json.hpp"

namespace scannerqube::report {
namespace {

namespace json = boost::json;

json::array finding_list(const FileResult& result) {
  json::array all;
  for (const scannerqube::Finding& finding : result.findings) {
    const bool signature = finding.kind == scannerqube::Finding::Kind::signature;
    all.push_back(json::object{{"kind", signature ? "signature" : "suspicion"},
                               {"name", finding.name},
                               {"where", finding.where}});
  }
  return all;
}

json::value sha256_or_null(const base::hash::Digest& digest) {
  if (digest == base::hash::Digest{}) return nullptr;
  return json::string(base::hash::to_hex(digest));
}

json::object file_json(const ScannedFile& file) {
  const FileResult& result = file.result;
  return {{"deleted", file.deleted},
          {"findings", finding_list(result)},
          {"members", result.members},
          {"not_examined", json::array(result.not_examined.begin(), result.not_examined.end())},
          {"part", file.part},
          {"path", base::wire::escape(file.path, max_shown_path)},
          {"path_hex", base::hash::to_hex(base::wire::as_bytes(file.path))},
          {"sha256", sha256_or_null(result.sha256)},
          {"size", result.size},
          {"verdict", verdict_name(result.verdict())}};
}

json::object coverage_json(const Coverage& coverage) {
  // In the order of the names, not of the enumerators.
  json::object bytes;
  for (const Use use : {Use::boot_code, Use::deleted, Use::file, Use::free, Use::outside,
                        Use::table, Use::unread, Use::unreadable}) {
    bytes.emplace(name_of(use), coverage.of(use));
  }
  json::array runs;
  for (const Run& run : coverage.runs) {
    runs.push_back(json::object{
        {"length", run.where.length}, {"offset", run.where.offset}, {"use", name_of(run.use)}});
  }
  return {{"bytes", std::move(bytes)},
          {"cut", coverage.cut},
          {"granularity", coverage.granularity},
          {"runs", std::move(runs)}};
}

json::object limits_json(const ScanLimits& limits) {
  return {{"deleted", limits.deleted},
          {"file_bytes", limits.engine.file_bytes},
          {"largest_file", limits.largest_file},
          {"members", limits.engine.members},
          {"milliseconds", limits.engine.time.count()},
          {"recursion", limits.engine.recursion},
          {"scan_bytes", limits.engine.scan_bytes}};
}

json::object counts_json(const MediumReport& found) {
  return {{"clean", found.clean_files},           {"files", found.files},
          {"from_cache", found.files_from_cache}, {"incomplete", found.incomplete_files},
          {"infected", found.infected_files},     {"suspicious", found.suspicious_files}};
}

}  // namespace

json::value to_json(const DatabaseInfo& database) {
  return json::object{{"date", database.date},
                      {"sha256", sha256_or_null(database.sha256)},
                      {"version", database.version}};
}

json::value to_json(const ScanReport& report) {
  const MediumReport& found = report.found;
  json::array files;
  for (const ScannedFile& file : found.told) files.push_back(file_json(file));
  json::array findings;
  for (const volume::Finding& finding : found.findings) {
    findings.push_back(
        json::object{{"concern", volume::name_of(finding.concern)}, {"text", finding.text}});
  }
  json::array areas;
  for (const HashedArea& each : found.areas) {
    areas.push_back(json::object{{"kind", volume::name_of(each.area.kind)},
                                 {"length", each.area.where.length},
                                 {"offset", each.area.where.offset},
                                 {"sha256", sha256_or_null(each.sha256)},
                                 {"zeros", each.zeros}});
  }
  return json::object{
      {"areas", std::move(areas)},
      {"bytes", found.bytes},
      {"counts", counts_json(found)},
      {"coverage", coverage_json(report.coverage)},
      {"database", to_json(report.database)},
      {"ended", report.ended},
      {"engine",
       json::object{{"name", report.engine.name}, {"signatures", report.engine.signatures}}},
      {"files", std::move(files)},
      {"files_left_out", report.files_left_out},
      {"findings", std::move(findings)},
      {"findings_left_out", found.findings_left_out},
      {"gap", found.gap},
      {"limits", limits_json(report.limits)},
      {"medium_size", report.medium_size},
      {"opened_parts", json::array(found.opened_parts.begin(), found.opened_parts.end())},
      {"schema", report_schema},
      {"started", report.started},
      {"verdict", verdict_name(report.said)}};
}

std::string encode_report(const ScanReport& report) { return json::serialize(to_json(report)); }

base::hash::Digest digest_of(const ScanLimits& limits) {
  return base::hash::Sha256()({base::wire::as_bytes(json::serialize(limits_json(limits)))});
}

}  // namespace scannerqube::report
