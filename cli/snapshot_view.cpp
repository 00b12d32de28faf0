// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/snapshot_view.hpp"

#include <array>
#include <boost/json.hpp>
#include <vector>

#include "base/wire/escape.hpp"
#include "base/wire/utc_text.hpp"
#include "cli/table.hpp"

namespace cli {
namespace {

namespace json = boost::json;

constexpr std::size_t max_listed_events = 20;

base::Result<json::value> parse_answer(std::string_view untrusted) {
  boost::system::error_code error;
  json::value value = json::parse(json::string_view(untrusted.data(), untrusted.size()), error, {},
                                  {.max_depth = 8});
  if (!error) return value;
  return base::fail("the answer is no JSON; are all programs of one version?");
}

const json::value* field(const json::object& object, std::string_view key) {
  return object.if_contains(json::string_view(key.data(), key.size()));
}

std::string words(const json::object& object, std::string_view key) {
  const json::value* value = field(object, key);
  if (value == nullptr || !value->is_string()) return {};
  const json::string& string = value->get_string();
  return base::wire::escape(std::string_view(string.data(), string.size()), 600);
}

std::uint64_t amount(const json::object& object, std::string_view key) {
  const json::value* value = field(object, key);
  if (value == nullptr) return 0;
  if (value->is_uint64()) return value->get_uint64();
  return value->is_int64()
             ? static_cast<std::uint64_t>(std::max<std::int64_t>(value->get_int64(), 0))
             : 0;
}

bool is_true(const json::object& object, std::string_view key) {
  const json::value* value = field(object, key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::string utc_text(std::uint64_t milliseconds) {
  return base::wire::utc_text(static_cast<std::int64_t>(milliseconds / 1000));
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "100 %";
  return std::to_string(part * 100 / whole) + " %";
}

std::string describe_event(const json::object& event) {
  const std::string kind = words(event, "kind");
  const std::string when = utc_text(amount(event, "time_ms"));
  if (kind == "resized") {
    return when + "  the medium had another size: " + std::to_string(amount(event, "found_bytes")) +
           " bytes";
  }
  const std::string where = "  at " + std::to_string(amount(event, "offset")) + ": ";
  if (kind == "unreadable") {
    const json::value* sectors = field(event, "sectors");
    const std::size_t count =
        sectors != nullptr && sectors->is_array() ? sectors->get_array().size() : 0;
    return when + where + std::to_string(count) + " sectors could not be read; they are zeros";
  }
  if (kind == "changed") return when + where + "THE MEDIUM ANSWERED DIFFERENTLY the second time";
  if (kind == "lost") return when + where + "the stored bytes are not what was stored";
  return when + where + kind;
}

void put_line(std::string& out, std::string_view what, const std::string& value) {
  constexpr std::size_t width = 12;
  out += std::string(what) + std::string(width - std::min(width, what.size()), ' ') + value + "\n";
}

std::string state_of(const json::object& report) {
  if (const json::value* sealed = field(report, "sealed");
      sealed != nullptr && sealed->is_object()) {
    return "sealed " + utc_text(amount(sealed->get_object(), "time_ms"));
  }
  return is_true(report, "complete") ? "complete, not sealed" : "lazy: only what was read is there";
}

std::string medium_of(const json::object& report) {
  if (is_true(report, "medium")) return "there";
  const std::string why = words(report, "medium_end");
  return "not there" + (why.empty() ? "" : ": " + why);
}

}  // namespace

std::string format_bytes(std::uint64_t bytes) {
  constexpr std::array units{"bytes", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  std::uint64_t tenths = bytes * 10;
  if (bytes > std::uint64_t{1} << 50U) return std::to_string(bytes >> 40U) + " TiB";
  for (; tenths >= 10240 && unit + 1 < units.size(); ++unit) tenths /= 1024;
  if (unit == 0) return std::to_string(bytes) + " bytes";
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " " + units.at(unit);
}

base::Result<std::string> format_snapshot_list(std::string_view untrusted_json) {
  const auto parsed = parse_answer(untrusted_json);
  if (!parsed) return base::Unexpected{parsed.error()};
  if (!parsed->is_array()) return base::fail("the answer is no list of snapshots");
  if (parsed->get_array().empty()) return std::string("no snapshots\n");
  std::vector<Row> rows{{"NAME", "STATE", "SIZE", "READ", "CREATED", "ROOT"}};
  for (const json::value& each : parsed->get_array()) {
    if (!each.is_object()) continue;
    const json::object& one = each.get_object();
    const std::string state = words(one, "state");
    const bool counted = field(one, "blocks") != nullptr;
    const bool whole = state == "sealed" || state == "complete";
    const std::string root = words(one, "root");
    rows.push_back({words(one, "snapshot"), state + (is_true(one, "in_use") ? ", in use" : ""),
                    field(one, "size") == nullptr ? "-" : format_bytes(amount(one, "size")),
                    counted ? percent(amount(one, "stored_blocks"), amount(one, "blocks"))
                    : whole ? "100 %"
                            : "-",
                    field(one, "created_ms") == nullptr ? "-" : utc_text(amount(one, "created_ms")),
                    root.empty() ? "-" : root.substr(0, 16)});
  }
  return format_table(rows);
}

base::Result<std::string> format_snapshot_report(std::string_view untrusted_json) {
  const auto parsed = parse_answer(untrusted_json);
  if (!parsed) return base::Unexpected{parsed.error()};
  if (!parsed->is_object()) return base::fail("the answer is no report of a snapshot");
  const json::object& report = parsed->get_object();
  std::string out;
  put_line(out, "snapshot", words(report, "snapshot"));
  put_line(out, "created", utc_text(amount(report, "created_ms")));
  put_line(out, "size",
           std::to_string(amount(report, "size")) + " bytes, sectors of " +
               std::to_string(amount(report, "sector_size")));
  put_line(out, "state", state_of(report));
  put_line(
      out, "root",
      words(report, "root").empty() ? "none yet: parts were never read" : words(report, "root"));
  put_line(out, "read",
           percent(amount(report, "stored_blocks"), amount(report, "blocks")) + " (" +
               std::to_string(amount(report, "stored_blocks")) + " of " +
               std::to_string(amount(report, "blocks")) + " blocks of " +
               std::to_string(amount(report, "block_size")) + ")");
  put_line(out, "stored", format_bytes(amount(report, "used_bytes")));
  put_line(out, "medium", medium_of(report));
  put_line(out, "readers",
           std::to_string(amount(report, "readers")) + ", of them writing " +
               std::to_string(amount(report, "writers")));
  if (const json::value* overlay = field(report, "overlay");
      overlay != nullptr && overlay->is_object()) {
    put_line(out, "written",
             std::to_string(amount(overlay->get_object(), "changed_blocks")) +
                 " blocks, commit: " + words(overlay->get_object(), "commit"));
  }
  const json::value* events = field(report, "events");
  const std::size_t count =
      events != nullptr && events->is_array() ? events->get_array().size() : 0;
  put_line(out, "events", count == 0 ? "none" : std::to_string(count));
  for (std::size_t i = 0; i < std::min(count, max_listed_events); ++i) {
    const json::value& each = events->get_array()[i];
    if (each.is_object()) out += "  " + describe_event(each.get_object()) + "\n";
  }
  if (count > max_listed_events) out += "  ... all of them with --json\n";
  if (amount(report, "events_damaged") > 0) {
    out += "  records that were not written by this snapshot: " +
           std::to_string(amount(report, "events_damaged")) + "\n";
  }
  return out;
}

base::Result<std::string> storage_qube(std::string_view untrusted_status) {
  const auto parsed = parse_answer(untrusted_status);
  if (!parsed) return base::Unexpected{parsed.error()};
  std::string found;
  const json::value* qubes = parsed->is_object() ? field(parsed->get_object(), "qubes") : nullptr;
  if (qubes == nullptr || !qubes->is_array()) return base::fail("the daemon's status has no qubes");
  for (const json::value& each : qubes->get_array()) {
    if (!each.is_object() || !is_true(each.get_object(), "stores_snapshots")) continue;
    if (!found.empty())
      return base::fail("several qubes store snapshots: say which with --storage");
    found = words(each.get_object(), "name");
  }
  if (found.empty()) {
    return base::fail(
        "no qube stores snapshots; one is made with a file in /etc/sallyport/qubes.d "
        "(sallyport-snapshots(8))");
  }
  return found;
}

}  // namespace cli
