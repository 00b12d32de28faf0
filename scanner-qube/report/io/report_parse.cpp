// SPDX-License-Identifier: GPL-2.0-or-later
// The reading half of report_json.hpp: the text comes from a qube that is taken to be lost.
#include <algorithm>

#include "base/wire/escape.hpp"
#include "scanner-qube/report/io/report_json.hpp"
#include "scanner-qube/report/io/strict_json.hpp"

namespace scannerqube::report {
namespace {

namespace json = boost::json;

constexpr std::uint64_t max_u32 = 0xffffffff;

std::uint32_t small_number(Fields& in, std::string_view key) {
  return static_cast<std::uint32_t>(in.number(key, max_u32));
}

std::optional<volume::Concern> concern_of(std::string_view name) {
  const auto last = static_cast<std::uint8_t>(volume::Concern::reader_ended);
  for (std::uint8_t i = 0; i <= last; ++i) {
    if (volume::name_of(volume::Concern{i}) == name) return volume::Concern{i};
  }
  return std::nullopt;
}

std::optional<scannerqube::Finding::Kind> kind_of(std::string_view name) {
  if (name == "signature") return scannerqube::Finding::Kind::signature;
  if (name == "suspicion") return scannerqube::Finding::Kind::suspicion;
  return std::nullopt;
}

// Null: there is none. Zeros would be another text for that.
base::hash::Digest sha256_or_none(Fields& in, std::string_view key) {
  base::hash::Digest digest = {};
  const json::value& value = in.member(key);
  const bool text = value.is_string();
  const bool good =
      text && base::hash::from_hex({value.get_string().data(), value.get_string().size()}, digest);
  if (!good && !value.is_null()) in.complain(key, "is neither null nor 64 digits 0-9a-f");
  return digest;
}

std::string path_of(Fields& in) {
  const json::value& value = in.member("path_hex");
  const std::size_t digits = value.is_string() ? value.get_string().size() : 0;
  std::string path;
  if (digits == 0 || digits > 2 * volume::max_path || digits % 2 != 0) {
    in.complain("path_hex", "is no path of 1 to 4096 bytes");
  } else {
    path.resize(digits / 2);
    if (!base::hash::from_hex({value.get_string().data(), digits},
                              std::as_writable_bytes(std::span(path)))) {
      in.complain("path_hex", "is not of digits 0-9a-f");
    }
  }
  // What is shown is what the bytes say, and nothing else.
  in.constant("path", base::wire::escape(path, max_shown_path), 5 * max_shown_path);
  return path;
}

void read_findings(Fields& in, FileResult& result) {
  const auto take = [&in, &result](const json::value& value, const std::string& where) {
    Fields each(value, where, in.complaint());
    scannerqube::Finding finding;
    finding.kind = each.named("kind", kind_of);
    finding.name = each.text("name", max_finding_text);
    finding.where = each.text("where", max_finding_text);
    if (finding.name.empty()) each.complain("name", "is empty");
    each.done();
    result.findings.push_back(std::move(finding));
  };
  for_each(in.list("findings", max_findings), in.where() + ".findings", in.complaint(), take);
}

void read_not_examined(Fields& in, FileResult& result) {
  for (const json::value& value : in.list("not_examined", max_not_examined)) {
    const std::string_view text =
        value.is_string() ? std::string_view(value.get_string().data(), value.get_string().size())
                          : std::string_view();
    if (text.empty() || text.size() > max_finding_text || !is_printable(text)) {
      return in.complain("not_examined", "has something that is no reason");
    }
    result.not_examined.emplace_back(text);
  }
}

ScannedFile read_file(const json::value& value, const std::string& where, Complaint& complaint) {
  Fields in(value, where, complaint);
  ScannedFile file;
  file.deleted = in.flag("deleted");
  read_findings(in, file.result);
  file.result.members = small_number(in, "members");
  read_not_examined(in, file.result);
  file.part = small_number(in, "part");
  file.path = path_of(in);
  file.result.sha256 = sha256_or_none(in, "sha256");
  file.result.size = in.number("size", max_number);
  if (in.named("verdict", verdict_named) != file.result.verdict()) {
    in.complain("verdict", "is not what its findings say");
  }
  in.done();
  return file;
}

Coverage read_coverage(const json::value& value, Complaint& complaint) {
  Fields in(value, "report.coverage", complaint);
  Coverage coverage;
  Fields bytes(in.member("bytes"), "report.coverage.bytes", complaint);
  for (std::size_t i = 0; i + 1 < uses; ++i) {
    const Use use{static_cast<std::uint8_t>(i)};
    coverage.bytes.at(i) = bytes.number(name_of(use), max_number);
  }
  bytes.done();
  coverage.cut = in.flag("cut");
  coverage.granularity = in.number("granularity", max_number);
  const auto take = [&coverage, &complaint](const json::value& each, const std::string& where) {
    Fields run(each, where, complaint);
    Run read;
    read.where.length = run.number("length", max_number);
    read.where.offset = run.number("offset", max_number);
    read.use = run.named("use", use_of);
    run.done();
    coverage.runs.push_back(read);
  };
  for_each(in.list("runs", max_runs), "report.coverage.runs", complaint, take);
  in.done();
  return coverage;
}

ScanLimits read_limits(const json::value& value, Complaint& complaint) {
  Fields in(value, "report.limits", complaint);
  ScanLimits limits;
  limits.deleted = in.flag("deleted");
  limits.engine.file_bytes = in.number("file_bytes", max_number);
  limits.largest_file = in.number("largest_file", max_number);
  limits.engine.members = small_number(in, "members");
  limits.engine.time = std::chrono::milliseconds(in.time("milliseconds"));
  limits.engine.recursion = small_number(in, "recursion");
  limits.engine.scan_bytes = in.number("scan_bytes", max_number);
  in.done();
  return limits;
}

void read_counts(const json::value& value, MediumReport& found, Complaint& complaint) {
  Fields in(value, "report.counts", complaint);
  found.clean_files = in.number("clean", max_number);
  found.files = in.number("files", max_number);
  found.files_from_cache = in.number("from_cache", max_number);
  found.incomplete_files = in.number("incomplete", max_number);
  found.infected_files = in.number("infected", max_number);
  found.suspicious_files = in.number("suspicious", max_number);
  in.done();
}

std::optional<volume::AreaKind> area_kind_of(std::string_view name) {
  using Kind = volume::AreaKind;
  for (const Kind each : {Kind::boot_code, Kind::table, Kind::space}) {
    if (volume::name_of(each) == name) return each;
  }
  return std::nullopt;
}

void read_areas(Fields& in, MediumReport& found) {
  const auto take = [&in, &found](const json::value& value, const std::string& where) {
    Fields each(value, where, in.complaint());
    HashedArea hashed;
    hashed.area.kind = each.named("kind", area_kind_of);
    hashed.area.where.length = each.number("length", max_number);
    hashed.area.where.offset = each.number("offset", max_number);
    hashed.sha256 = sha256_or_none(each, "sha256");
    hashed.zeros = each.flag("zeros");
    each.done();
    found.areas.push_back(hashed);
  };
  for_each(in.list("areas", volume::max_areas), "report.areas", in.complaint(), take);
}

void read_opened_parts(Fields& in, MediumReport& found) {
  for (const json::value& value : in.list("opened_parts", volume::max_parts)) {
    const std::int64_t* part = value.if_int64();
    if (part == nullptr || *part < 0 || *part > static_cast<std::int64_t>(max_u32)) {
      return in.complain("opened_parts", "has something that is no number of a part");
    }
    found.opened_parts.push_back(static_cast<std::uint32_t>(*part));
  }
}

void read_lists(Fields& in, ScanReport& report) {
  MediumReport& found = report.found;
  Complaint& complaint = in.complaint();
  for_each(in.list("files", max_reported_files), "report.files", complaint,
           [&found, &complaint](const json::value& value, const std::string& where) {
             found.told.push_back(read_file(value, where, complaint));
           });
  for_each(in.list("findings", max_reported_findings), "report.findings", complaint,
           [&found, &complaint](const json::value& value, const std::string& where) {
             Fields each(value, where, complaint);
             volume::Finding finding;
             finding.concern = each.named("concern", concern_of);
             finding.text = each.text("text", volume::max_finding_text);
             each.done();
             found.findings.push_back(std::move(finding));
           });
}

}  // namespace

DatabaseInfo read_database(const json::value& value, const std::string& where,
                           Complaint& complaint) {
  Fields in(value, where, complaint);
  DatabaseInfo database;
  database.date = in.time("date");
  database.sha256 = sha256_or_none(in, "sha256");
  database.version = in.text("version", max_text);
  in.done();
  return database;
}

ScanReport read_report(const json::value& value, Complaint& complaint) {
  Fields in(value, "report", complaint);
  ScanReport report;
  in.constant("schema", report_schema);
  read_areas(in, report.found);
  report.found.bytes = in.number("bytes", max_number);
  read_counts(in.member("counts"), report.found, complaint);
  report.coverage = read_coverage(in.member("coverage"), complaint);
  report.database = read_database(in.member("database"), "report.database", complaint);
  report.ended = in.time("ended");
  Fields engine(in.member("engine"), "report.engine", complaint);
  report.engine.name = engine.text("name", max_text);
  report.engine.signatures = small_number(engine, "signatures");
  engine.done();
  read_lists(in, report);
  report.files_left_out = in.number("files_left_out", max_number);
  report.found.findings_left_out = in.number("findings_left_out", max_number);
  report.found.gap = in.flag("gap");
  report.limits = read_limits(in.member("limits"), complaint);
  report.medium_size = in.number("medium_size", max_number);
  read_opened_parts(in, report.found);
  report.started = in.time("started");
  report.said = in.named("verdict", verdict_named);
  in.done();
  return report;
}

base::Status same_text(std::string_view untrusted, std::string_view written) {
  if (untrusted == written) return base::Ok{};
  const auto differ = std::ranges::mismatch(untrusted, written);
  return base::fail(
      "it is not written as it has to be: no blanks, each member once and in the order of the "
      "names; see byte " +
      std::to_string(differ.in1 - untrusted.begin()));
}

base::Result<ScanReport> parse_report(std::string_view untrusted) {
  if (untrusted.ends_with('\n')) untrusted.remove_suffix(1);
  const auto value = parse_strict(untrusted, max_report_bytes);
  if (!value) return base::fail("this is no scan report: " + value.error().text);
  Complaint complaint;
  ScanReport report = read_report(*value, complaint);
  if (!complaint.none()) return base::fail("this is no scan report: " + complaint.text);
  if (auto same = same_text(untrusted, encode_report(report)); !same) {
    return base::fail("this is no scan report: " + same.error().text);
  }
  if (auto checked = check(report); !checked) {
    return base::fail("this scan report cannot be right: " + checked.error().text);
  }
  return report;
}

}  // namespace scannerqube::report
