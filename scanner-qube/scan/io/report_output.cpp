// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/scan/io/report_output.hpp"

#include <boost/json.hpp>

#include "base/wire/escape.hpp"
#include "scanner-qube/volume/limits.hpp"

namespace scannerqube::io {
namespace {

namespace json = boost::json;

std::string escaped(std::string_view path) {
  return base::wire::escape(path, 4 * volume::max_path);
}

std::string file_lines(const ScannedFile& file) {
  std::string head = "part " + std::to_string(file.part) + ": " + escaped(file.path);
  if (file.deleted) head += " (deleted)";
  std::string lines;
  for (const Finding& finding : file.result.findings) {
    const bool signature = finding.kind == Finding::Kind::signature;
    lines += head + (signature ? ": FOUND " : ": suspicious: ") + finding.name;
    if (!finding.where.empty()) lines += " in " + finding.where;
    lines += "\n";
  }
  for (const std::string& why : file.result.not_examined) {
    lines += head + ": not examined: " + why + "\n";
  }
  return lines;
}

json::array texts(const std::vector<std::string>& all) {
  return json::array(all.begin(), all.end());
}

json::object file_json(const ScannedFile& file) {
  json::array findings;
  for (const Finding& finding : file.result.findings) {
    findings.push_back(
        json::object{{"kind", finding.kind == Finding::Kind::signature ? "signature" : "suspicion"},
                     {"name", finding.name},
                     {"where", finding.where}});
  }
  return {{"part", file.part},
          {"path", escaped(file.path)},
          {"deleted", file.deleted},
          {"size", file.result.size},
          {"sha256", base::hash::to_hex(file.result.sha256)},
          {"verdict", verdict_name(file.result.verdict())},
          {"findings", std::move(findings)},
          {"not_examined", texts(file.result.not_examined)}};
}

}  // namespace

std::string as_lines(const MediumReport& report) {
  std::string lines;
  for (const volume::Finding& finding : report.findings) {
    lines += std::string(volume::name_of(finding.concern)) + ": " + finding.text + "\n";
  }
  for (const ScannedFile& file : report.told) lines += file_lines(file);
  return lines + std::to_string(report.files) + " files, " + std::to_string(report.bytes) +
         " bytes: " + std::to_string(report.infected_files) + " infected, " +
         std::to_string(report.suspicious_files) + " suspicious, " +
         std::to_string(report.incomplete_files) +
         " not examined in full\nverdict: " + std::string(verdict_name(report.verdict())) + "\n";
}

std::string as_json(const MediumReport& report, const EngineInfo& engine) {
  json::array findings;
  for (const volume::Finding& finding : report.findings) {
    findings.push_back(
        json::object{{"concern", volume::name_of(finding.concern)}, {"text", finding.text}});
  }
  json::array files;
  for (const ScannedFile& file : report.told) files.push_back(file_json(file));
  return json::serialize(
             json::object{{"verdict", verdict_name(report.verdict())},
                          {"engine", {{"name", engine.name}, {"signatures", engine.signatures}}},
                          {"files", report.files},
                          {"bytes", report.bytes},
                          {"clean", report.clean_files},
                          {"infected", report.infected_files},
                          {"suspicious", report.suspicious_files},
                          {"incomplete", report.incomplete_files},
                          {"gap", report.gap},
                          {"findings", std::move(findings)},
                          {"findings_left_out", report.findings_left_out},
                          {"told", std::move(files)}}) +
         "\n";
}

}  // namespace scannerqube::io
