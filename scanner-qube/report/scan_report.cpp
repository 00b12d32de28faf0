// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/report/scan_report.hpp"

#include <algorithm>

#include "base/wire/escape.hpp"

namespace scannerqube::report {
namespace {

// Of one object with all its names and numbers, without its texts.
constexpr std::size_t most_frame = 400;

// In JSON: a printable text at most doubles.
std::size_t most_bytes(std::string_view text) { return 2 * text.size() + 4; }

std::size_t most_bytes(const ScannedFile& file) {
  // The path twice: as digits, and shown, where a byte becomes five.
  std::size_t all =
      most_frame + 2 * file.path.size() + 5 * std::min(file.path.size(), max_shown_path);
  for (const scannerqube::Finding& finding : file.result.findings) {
    all += most_frame + most_bytes(finding.name) + most_bytes(finding.where);
  }
  for (const std::string& why : file.result.not_examined) all += most_bytes(why);
  return all;
}

std::size_t most_bytes(const volume::Finding& finding) {
  return most_frame + most_bytes(finding.text);
}

// The first ones whose bytes are no more than `room`; how many were left out.
template <class T>
std::uint64_t keep(std::vector<T>& all, std::size_t room) {
  std::size_t kept = 0;
  while (kept < all.size() && most_bytes(all[kept]) <= room) room -= most_bytes(all[kept++]);
  const std::size_t left_out = all.size() - kept;
  all.resize(kept);
  return left_out;
}

bool worse_first(const ScannedFile& a, const ScannedFile& b) {
  return a.result.verdict() > b.result.verdict();
}

void make_printable(FileResult& result) {
  for (scannerqube::Finding& finding : result.findings) {
    finding.name = printable(finding.name, max_finding_text);
    finding.where = printable(finding.where, max_finding_text);
  }
  for (std::string& why : result.not_examined) why = printable(why, max_finding_text);
}

std::uint64_t not_clean(const MediumReport& found) {
  return found.infected_files + found.incomplete_files + found.suspicious_files;
}

std::uint64_t count(const MediumReport& found, Verdict verdict) {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      found.told, [verdict](const ScannedFile& file) { return file.result.verdict() == verdict; }));
}

base::Status check_files(const ScanReport& report) {
  const MediumReport& found = report.found;
  if (found.clean_files + not_clean(found) != found.files) {
    return base::fail("its counts of files do not add up");
  }
  if (found.files_from_cache > found.clean_files) {
    return base::fail("it has more files by the cache than clean ones");
  }
  if (found.told.size() + report.files_left_out != not_clean(found) ||
      found.told.size() > max_reported_files) {
    return base::fail("it names another number of files than it counts");
  }
  if (count(found, Verdict::infected) > found.infected_files ||
      count(found, Verdict::incomplete) > found.incomplete_files ||
      count(found, Verdict::suspicious) > found.suspicious_files) {
    return base::fail("it names worse files than it counts");
  }
  if (count(found, Verdict::clean) > 0) return base::fail("it names a file that is clean");
  if (!std::ranges::is_sorted(found.told, worse_first)) {
    return base::fail("its worst files are not the first");
  }
  return base::Ok{};
}

}  // namespace

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string out = is_printable(text) ? std::string(text) : base::wire::escape(text, limit);
  if (out.size() > limit) out = out.substr(0, limit - 3) + "...";
  return out;
}

Verdict ScanReport::verdict() const { return worse(said, found.verdict()); }

void settle(ScanReport& report) {
  MediumReport& found = report.found;
  found.gap = found.gap || report.coverage.leaves_gap();
  for (ScannedFile& file : found.told) {
    file.path.resize(std::min(file.path.size(), volume::max_path));
    file.result.size = std::min(file.result.size, max_number);
    make_printable(file.result);
  }
  std::ranges::stable_sort(found.told, worse_first);
  keep(found.told, max_files_bytes);
  report.files_left_out = not_clean(found) - found.told.size();
  for (volume::Finding& finding : found.findings) finding.text = printable(finding.text);
  found.findings_left_out += keep(found.findings, max_findings_bytes);
  found.bytes = std::min(found.bytes, max_number);
  report.engine.name = printable(report.engine.name);
  report.database.version = printable(report.database.version);
  // A clock that was set back: a scan has no end before its start.
  report.started = std::max<std::int64_t>(report.started, 0);
  report.ended = std::max(report.ended, report.started);
  report.database.date = std::max<std::int64_t>(report.database.date, 0);
  report.said = found.verdict();
}

base::Status check(const ScanReport& report) {
  const MediumReport& found = report.found;
  if (auto files = check_files(report); !files) return files;
  const bool gap = std::ranges::any_of(
      found.findings, [](const auto& finding) { return volume::leaves_gap(finding.concern); });
  if (gap && !found.gap) return base::fail("it names what was not examined, but tells no gap");
  if (auto coverage = report::check(report.coverage, report.medium_size); !coverage) {
    return base::fail("its coverage: " + coverage.error().text);
  }
  if (report.coverage.leaves_gap() && !found.gap) {
    return base::fail("its coverage has bytes that nobody read, but it tells no gap");
  }
  const auto outside = [&report](const HashedArea& each) {
    const volume::Range& where = each.area.where;
    return where.offset > report.medium_size || where.length > report.medium_size - where.offset;
  };
  if (std::ranges::any_of(found.areas, outside)) {
    return base::fail("one of its areas is not on the medium");
  }
  if (!std::ranges::is_sorted(found.opened_parts, std::ranges::less_equal{})) {
    return base::fail("its opened parts are not in their order");
  }
  if (report.ended < report.started) return base::fail("it ended before it started");
  if (report.said < found.verdict()) {
    return base::fail("it says " + std::string(verdict_name(report.said)) +
                      ", but what it holds is " + std::string(verdict_name(found.verdict())));
  }
  return base::Ok{};
}

}  // namespace scannerqube::report
