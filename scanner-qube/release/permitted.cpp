// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/permitted.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "scanner-qube/report/report_lines.hpp"
#include "scanner-qube/report/signed_text.hpp"

namespace scannerqube::release {
namespace {

static_assert(max_report_text >= report::max_signed_bytes);

std::string commented(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    out += "# " + std::string(line) + "\n";
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return out;
}

}  // namespace

base::Status check_permitted(const ReleaseList& list, const report::ScanReport& report) {
  const MediumReport& found = report.found;
  if (list.size() > found.clean_files) {
    return base::fail("its list has " + std::to_string(list.size()) + " files, its report " +
                      std::to_string(found.clean_files) + " clean ones");
  }
  std::set<std::pair<std::uint32_t, std::string_view>> paths;
  std::set<base::hash::Digest> contents;
  for (const ScannedFile& file : found.told) {
    // A deleted file may have had the name of one that is there.
    if (!file.deleted) paths.emplace(file.part, file.path);
    if (file.result.sha256 != base::hash::Digest{}) contents.insert(file.result.sha256);
  }
  std::uint64_t bytes = 0;
  for (const ReleasedFile& file : list) {
    if (paths.contains({file.part, file.path}) || contents.contains(file.sha256)) {
      return base::fail("its list has " + volume::quote(file.path) +
                        ", which its report does not call clean");
    }
    bytes += file.size;  // all of them at most max_content_bytes: the list's parser
  }
  if (bytes > found.bytes) return base::fail("its list has more bytes than its report");
  return base::Ok{};
}

bool is_incomplete(const report::ScanReport& report) {
  return report.verdict() == Verdict::incomplete || report.found.gap ||
         report.found.incomplete_files > 0;
}

base::Status check_release(const report::Statement& statement, Incomplete incomplete) {
  if (!statement.report || statement.verdict() == Verdict::failed) {
    return base::fail("the scan failed, and a failed scan releases nothing: " +
                      report::printable(statement.reason));
  }
  if (incomplete == Incomplete::allow || !is_incomplete(*statement.report)) return base::Ok{};
  return base::fail(
      "not all of the medium was examined; with --incomplete those files are released that were "
      "examined in full and are clean, and 'sallyport scan' says what was not");
}

std::string left_out_lines(const report::Statement& statement, std::size_t released) {
  if (!statement.report) return {};
  const MediumReport& found = statement.report->found;
  std::string lines;
  if (is_incomplete(*statement.report)) {
    lines += "INCOMPLETE: not all of the medium was examined; the files that are released were\n";
  }
  const std::uint64_t bad = found.files - found.clean_files;
  if (bad > 0) lines += "left out: " + std::to_string(bad) + " files that are not clean\n";
  if (found.clean_files > released) {
    lines += "left out: " + std::to_string(found.clean_files - released) +
             " clean ones: deleted files, streams of files, what was encrypted, and what has no "
             "place of its own on the "
             "medium (compressed, in too many pieces)\n";
  }
  return lines;
}

std::string release_note(const report::Statement& statement, std::size_t released) {
  return "# The scan of the medium, of which only clean files are here:\n" +
         commented(report::as_lines(statement) + left_out_lines(statement, released));
}

}  // namespace scannerqube::release
