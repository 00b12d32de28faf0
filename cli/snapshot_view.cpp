// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/snapshot_view.hpp"

#include <array>
#include <boost/json.hpp>
#include <ctime>
#include <vector>

#include "base/wire/escape.hpp"
#include "cli/table.hpp"

namespace cli {
namespace {

namespace json = boost::json;

constexpr std::size_t max_listed_events = 20;

base::Result<json::value> parse(std::string_view untrusted) {
  boost::system::error_code error;
  json::value value = json::parse(json::string_view(untrusted.data(), untrusted.size()), error, {},
                                  {.max_depth = 8});
  if (!error) return value;
  return base::fail("the answer is no JSON; are all programs of one version?");
}

const json::value* find(const json::object& object, std::string_view key) {
  return object.if_contains(json::string_view(key.data(), key.size()));
}

std::string text(const json::object& object, std::string_view key) {
  const json::value* value = find(object, key);
  if (value == nullptr || !value->is_string()) return {};
  const json::string& string = value->get_string();
  return base::wire::escape(std::string_view(string.data(), string.size()), 600);
}

std::uint64_t number(const json::object& object, std::string_view key) {
  const json::value* value = find(object, key);
  if (value == nullptr) return 0;
  if (value->is_uint64()) return value->get_uint64();
  return value->is_int64() ? static_cast<std::uint64_t>(std::max<std::int64_t>(
                                 value->get_int64(), 0))
                           : 0;
}

bool flag(const json::object& object, std::string_view key) {
  const json::value* value = find(object, key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::string day(std::uint64_t milliseconds) {
  const auto time = static_cast<std::time_t>(milliseconds / 1000);
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  std::array<char, 32> out{};
  return std::string(out.data(),
                     std::strftime(out.data(), out.size(), "%Y-%m-%d %H:%M:%S UTC", &utc));
}

std::string share(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "100 %";
  return std::to_string(part * 100 / whole) + " %";
}

std::string describe_event(const json::object& event) {
  const std::string kind = text(event, "kind");
  const std::string when = day(number(event, "time_ms"));
  if (kind == "resized") {
    return when + "  the medium had another size: " +
           std::to_string(number(event, "found_bytes")) + " bytes";
  }
  const std::string where = "  at " + std::to_string(number(event, "offset")) + ": ";
  if (kind == "unreadable") {
    const json::value* sectors = find(event, "sectors");
    const std::size_t count = sectors != nullptr && sectors->is_array() ? sectors->get_array().size()
                                                                         : 0;
    return when + where + std::to_string(count) + " sectors could not be read; they are zeros";
  }
  if (kind == "changed") return when + where + "THE MEDIUM ANSWERED DIFFERENTLY the second time";
  if (kind == "lost") return when + where + "the stored bytes are not what was stored";
  return when + where + kind;
}

void line(std::string& out, std::string_view what, const std::string& value) {
  constexpr std::size_t width = 12;
  out += std::string(what) + std::string(width - std::min(width, what.size()), ' ') + value + "\n";
}

std::string state_of(const json::object& report) {
  if (const json::value* sealed = find(report, "sealed"); sealed != nullptr && sealed->is_object()) {
    return "sealed " + day(number(sealed->get_object(), "time_ms"));
  }
  return flag(report, "complete") ? "complete, not sealed" : "lazy: only what was read is there";
}

std::string medium_of(const json::object& report) {
  if (flag(report, "medium")) return "there";
  const std::string why = text(report, "medium_end");
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
  const auto parsed = parse(untrusted_json);
  if (!parsed) return base::Unexpected{parsed.error()};
  if (!parsed->is_array()) return base::fail("the answer is no list of snapshots");
  if (parsed->get_array().empty()) return std::string("no snapshots\n");
  std::vector<Row> rows{{"NAME", "STATE", "SIZE", "READ", "CREATED", "ROOT"}};
  for (const json::value& each : parsed->get_array()) {
    if (!each.is_object()) continue;
    const json::object& one = each.get_object();
    const std::string state = text(one, "state");
    const bool counted = find(one, "blocks") != nullptr;
    const bool whole = state == "sealed" || state == "complete";
    const std::string root = text(one, "root");
    rows.push_back({text(one, "snapshot"), state + (flag(one, "in_use") ? ", in use" : ""),
                    find(one, "size") == nullptr ? "-" : format_bytes(number(one, "size")),
                    counted ? share(number(one, "stored_blocks"), number(one, "blocks"))
                    : whole ? "100 %"
                            : "-",
                    find(one, "created_ms") == nullptr ? "-" : day(number(one, "created_ms")),
                    root.empty() ? "-" : root.substr(0, 16)});
  }
  return format_table(rows);
}

base::Result<std::string> format_snapshot_report(std::string_view untrusted_json) {
  const auto parsed = parse(untrusted_json);
  if (!parsed) return base::Unexpected{parsed.error()};
  if (!parsed->is_object()) return base::fail("the answer is no report of a snapshot");
  const json::object& report = parsed->get_object();
  std::string out;
  line(out, "snapshot", text(report, "snapshot"));
  line(out, "created", day(number(report, "created_ms")));
  line(out, "size", std::to_string(number(report, "size")) + " bytes, sectors of " +
                        std::to_string(number(report, "sector_size")));
  line(out, "state", state_of(report));
  line(out, "root", text(report, "root").empty() ? "none yet: parts were never read"
                                                 : text(report, "root"));
  line(out, "read", share(number(report, "stored_blocks"), number(report, "blocks")) + " (" +
                        std::to_string(number(report, "stored_blocks")) + " of " +
                        std::to_string(number(report, "blocks")) + " blocks of " +
                        std::to_string(number(report, "block_size")) + ")");
  line(out, "stored", format_bytes(number(report, "used_bytes")));
  line(out, "medium", medium_of(report));
  line(out, "readers", std::to_string(number(report, "readers")) + ", of them writing " +
                           std::to_string(number(report, "writers")));
  if (const json::value* overlay = find(report, "overlay");
      overlay != nullptr && overlay->is_object()) {
    line(out, "written",
         std::to_string(number(overlay->get_object(), "changed_blocks")) + " blocks, commit: " +
             text(overlay->get_object(), "commit"));
  }
  const json::value* events = find(report, "events");
  const std::size_t count =
      events != nullptr && events->is_array() ? events->get_array().size() : 0;
  line(out, "events", count == 0 ? "none" : std::to_string(count));
  for (std::size_t i = 0; i < std::min(count, max_listed_events); ++i) {
    const json::value& each = events->get_array()[i];
    if (each.is_object()) out += "  " + describe_event(each.get_object()) + "\n";
  }
  if (count > max_listed_events) out += "  ... all of them with --json\n";
  if (number(report, "events_damaged") > 0) {
    out += "  records that were not written by this snapshot: " +
           std::to_string(number(report, "events_damaged")) + "\n";
  }
  return out;
}

base::Result<std::string> storage_qube(std::string_view untrusted_status) {
  const auto parsed = parse(untrusted_status);
  if (!parsed) return base::Unexpected{parsed.error()};
  std::string found;
  const json::value* qubes =
      parsed->is_object() ? find(parsed->get_object(), "qubes") : nullptr;
  if (qubes == nullptr || !qubes->is_array()) return base::fail("the daemon's status has no qubes");
  for (const json::value& each : qubes->get_array()) {
    if (!each.is_object() || !flag(each.get_object(), "stores_snapshots")) continue;
    if (!found.empty()) return base::fail("several qubes store snapshots: say which with --storage");
    found = text(each.get_object(), "name");
  }
  if (found.empty()) {
    return base::fail(
        "no qube stores snapshots; one is made with a file in /etc/sallyport/qubes.d "
        "(sallyport-snapshots(8))");
  }
  return found;
}

}  // namespace cli
