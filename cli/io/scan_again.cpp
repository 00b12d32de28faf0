// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/io/scan_again.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "cli/io/desk_client.hpp"
#include "cli/io/scan_device.hpp"
#include "cli/io/snapshot_client.hpp"
#include "cli/own_command.hpp"
#include "scanner-qube/report/report_lines.hpp"

namespace cli::io {
namespace {

namespace json = boost::json;
namespace report = scannerqube::report;
using scannerqube::Verdict;
using scannerqube::desk::DeskRequest;

// What came of one snapshot.
struct Rescan {
  std::string snapshot;
  bool unscanned = false;         // nobody ever had these bytes scanned
  std::optional<Verdict> before;  // none: there is no report that counts
  std::optional<Verdict> now;     // none: there was no scan; `before` stands
  bool scanned = false;           // else its report was made with the signatures in use
  std::string why;                // there was no scan
  std::string lines;              // what was found
};

base::Result<Words> all_snapshots(const base::io::Paths& paths) {
  const auto text = read_from_snapshots(paths.snapshot_socket(), "list");
  if (!text) return base::Unexpected{text.error()};
  json::error_code error;
  const json::value list = json::parse(*text, error);
  if (error || !list.is_array()) return base::fail("sallyport-snapshots lists what is no list");
  Words names;
  for (const json::value& each : list.get_array()) {
    const json::value* name =
        each.is_object() ? each.get_object().if_contains("snapshot") : nullptr;
    if (name == nullptr || !name->is_string()) {
      return base::fail("sallyport-snapshots lists a snapshot without a name");
    }
    names.emplace_back(name->get_string());
  }
  return names;
}

base::Result<DeskAnswer> ask_for_report(const base::io::Paths& paths, const std::string& name) {
  const auto desk = DeskClient::connect(paths);
  if (!desk) return base::Unexpected{desk.error()};
  return desk->ask({.verb = DeskRequest::Verb::report, .snapshot = name, .device = {}});
}

// With the same limits as before.
base::Result<CheckedReport> scan_anew(const base::io::Paths& paths, const std::string& name,
                                      const report::Statement& before) {
  const report::ScannedDevice& device = before.facts.device;
  const auto answer = ask_for_scan(
      paths, {.snapshot = name,
              .device = device.backend.empty() ? "" : device.backend + ":" + device.port,
              .deleted = before.report && before.report->limits.deleted});
  if (!answer) return base::Unexpected{answer.error()};
  return read_report(paths, *answer);
}

Rescan rescan(const base::io::Paths& paths, const std::string& name) {
  Rescan result{.snapshot = name, .before = {}, .now = {}, .why = {}, .lines = {}};
  const auto answer = ask_for_report(paths, name);
  if (!answer || answer->files.empty()) {
    result.unscanned = answer.has_value();
    result.why = answer ? answer->word.substr(answer->word.find(' ') + 1) : answer.error().text;
    return result;
  }
  const auto known = read_report(paths, *answer);
  if (!known) {
    result.why = known.error().text;
    return result;
  }
  result.before = known->statement.verdict();
  if (answer->word.ends_with(" current")) {
    result.now = result.before;
    return result;
  }
  const auto found = scan_anew(paths, name, known->statement);
  if (!found || !found->statement.report) {
    result.why = found ? found->statement.reason : found.error().text;
    return result;
  }
  result.scanned = true;
  result.now = found->statement.verdict();
  if (*result.now != Verdict::clean) result.lines = report::as_lines(found->statement);
  return result;
}

std::string text_of(const Rescan& each) {
  const std::string why = report::printable(each.why);
  if (!each.before) return each.snapshot + ": not scanned: " + why + "\n";
  const std::string before(verdict_name(*each.before));
  if (!each.now) {
    return each.snapshot + ": not scanned: " + why + "; the report that is kept says " + before +
           "\n";
  }
  if (!each.scanned) return each.snapshot + ": " + before + ", with the signatures in use\n";
  const bool same = *each.now == *each.before;
  return each.snapshot + ": " + before +
         (same ? ", as before\n" : " -> " + std::string(verdict_name(*each.now)) + "\n") +
         each.lines;
}

std::string json_of(const Rescan& each) {
  const auto name = [](const std::optional<Verdict>& verdict) {
    return verdict ? json::value(json::string(verdict_name(*verdict))) : json::value(nullptr);
  };
  return json::serialize(json::object{{"before", name(each.before)},
                                      {"now", name(each.now)},
                                      {"reason", report::printable(each.why)},
                                      {"scanned", each.scanned},
                                      {"snapshot", each.snapshot}}) +
         "\n";
}

int code_of(const Rescan& each) {
  if (!each.now) return exit_no_verdict;
  return *each.now == Verdict::clean ? 0 : exit_failure;
}

}  // namespace

Outcome run_scan_again(const Arguments& given, const base::io::Paths& paths) {
  Words names;
  if (!given.positionals.empty()) names = given.positionals.front();
  const bool all = names.empty();
  if (all) {
    auto listed = all_snapshots(paths);
    if (!listed) return own_failure(listed.error().text);
    names = *std::move(listed);
  }
  Outcome outcome;
  for (const std::string& name : names) {
    const Rescan each = rescan(paths, name.substr(name.find(':') + 1));
    // Of all there are, those that nobody ever had scanned are no matter of this.
    if (all && each.unscanned) continue;
    outcome.out += given.has("--json") ? json_of(each) : text_of(each);
    outcome.code = std::max(outcome.code, code_of(each));
  }
  return outcome;
}

}  // namespace cli::io
