// SPDX-License-Identifier: GPL-2.0-or-later
// Lays the status out; see the header.
#include "cli/status_view.hpp"

#include <boost/json.hpp>
#include <vector>

#include "base/wire/escape.hpp"
#include "base/wire/utc_text.hpp"
#include "cli/table.hpp"

namespace cli {
namespace {

namespace json = boost::json;

constexpr std::size_t max_reason = 4096;

base::Result<json::object> parse_object(std::string_view untrusted_json) {
  boost::system::error_code error;
  json::value value = json::parse(json::string_view(untrusted_json.data(), untrusted_json.size()),
                                  error, {}, {.max_depth = 8});
  if (error || !value.is_object()) {
    return base::fail(
        "the daemon's status is no JSON object; are daemon and tools of one version?");
  }
  return value.as_object();
}

std::string cell(const json::object& entry, std::string_view key) {
  const json::value* value = entry.if_contains(json::string_view(key.data(), key.size()));
  if (value == nullptr) return "-";
  if (value->is_string()) {
    const json::string& text = value->get_string();
    return text.empty() ? "-" : base::wire::escape(std::string_view(text.data(), text.size()));
  }
  return json::serialize(*value);
}

std::int64_t number(const json::object& entry, std::string_view key) {
  const json::value* value = entry.if_contains(json::string_view(key.data(), key.size()));
  if (value == nullptr) return 0;
  if (value->is_int64()) return value->get_int64();
  return value->is_uint64() ? static_cast<std::int64_t>(value->get_uint64()) : 0;
}

bool flag(const json::object& entry, std::string_view key) {
  const json::value* value = entry.if_contains(json::string_view(key.data(), key.size()));
  return value != nullptr && value->is_bool() && value->get_bool();
}

// The rows that `row` makes of the objects in the list called `key`.
template <class MakeRow>
std::string section(const json::object& status, std::string_view key, const Row& header,
                    std::string_view nothing, MakeRow make_row) {
  const json::value* list = status.if_contains(json::string_view(key.data(), key.size()));
  if (list == nullptr || !list->is_array()) return {};
  std::vector<Row> rows{header};
  for (const json::value& each : list->get_array()) {
    if (each.is_object()) rows.push_back(make_row(each.get_object()));
  }
  if (rows.size() == 1) return "\n" + std::string(nothing) + "\n";
  return "\n" + format_table(rows);
}

Row qube_row(const json::object& qube) {
  const char* connected = flag(qube, "silent") ? "silent" : "connected";
  return {cell(qube, "name"), flag(qube, "connected") ? connected : "away", cell(qube, "transport"),
          cell(qube, "devices")};
}

Row lease_row(const json::object& lease) {
  return {cell(lease, "device"), cell(lease, "frontend"), cell(lease, "state"),
          format_duration(number(lease, "since_s"))};
}

Row input_row(const json::object& input) {
  return {cell(input, "source"), cell(input, "service"), cell(input, "target"),
          cell(input, "state"), format_duration(number(input, "since_s"))};
}

Row ended_row(const json::object& lease) {
  return {cell(lease, "device"), cell(lease, "frontend"),
          format_duration(number(lease, "ago_s")) + " ago", cell(lease, "reason")};
}

std::string policy_lines(const json::object& state) {
  if (flag(state, "ok")) return "policy: in force\n";
  // What is wrong may be a long path and a text: it is worth more than a cell.
  const json::value* error = state.if_contains("error");
  const std::string why =
      error != nullptr && error->is_string()
          ? base::wire::escape(std::string_view(error->get_string()), max_reason)
          : "-";
  if (!state.contains("in_force_since")) {
    return "policy: BROKEN, everything is denied: " + why + "\n";
  }
  return "policy: BROKEN since " + base::wire::utc_text(number(state, "broken_since")) + ": " +
         why + "\n        the last good policy, of " +
         base::wire::utc_text(number(state, "in_force_since")) +
         ", is in force; see `sallyport policy check`\n";
}

std::string head(const json::object& status) {
  std::string text = "sallyportd " + cell(status, "version") + ", up " +
                     format_duration(number(status, "uptime_s")) + "\n";
  const json::value* policy = status.if_contains("policy");
  if (policy != nullptr && policy->is_object()) {
    text += policy_lines(policy->get_object());
  }
  if (status.contains("relay")) {
    text += flag(status, "relay") ? "relay:  running\n"
                                  : "relay:  NOT RUNNING, nothing can be attached\n";
  }
  return text;
}

}  // namespace

std::string format_duration(std::int64_t seconds) {
  constexpr std::int64_t minute = 60;
  constexpr std::int64_t hour = 60 * minute;
  constexpr std::int64_t day = 24 * hour;
  if (seconds < 0) seconds = 0;
  const auto two = [](std::int64_t large, const char* unit, std::int64_t small,
                      const char* small_unit) {
    return std::to_string(large) + unit + std::to_string(small) + small_unit;
  };
  if (seconds >= day) return two(seconds / day, " d ", seconds % day / hour, " h");
  if (seconds >= hour) return two(seconds / hour, " h ", seconds % hour / minute, " min");
  if (seconds >= minute) return two(seconds / minute, " min ", seconds % minute, " s");
  return std::to_string(seconds) + " s";
}

base::Result<std::string> format_status(std::string_view untrusted_json) {
  const auto status = parse_object(untrusted_json);
  if (!status) return base::fail(status.error().text);
  return head(*status) +
         section(*status, "qubes", {"QUBE", "STATE", "TRANSPORT", "DEVICES"},
                 "no qubes: add /etc/sallyport/qubes.d/NAME.conf", qube_row) +
         section(*status, "leases", {"DEVICE", "USED BY", "STATE", "SINCE"}, "nothing is attached",
                 lease_row) +
         section(*status, "inputs", {"INPUT OF", "SERVICE", "TYPES IN", "STATE", "SINCE"},
                 "no input device is forwarded", input_row) +
         section(*status, "ended", {"DEVICE", "WAS USED BY", "UNTIL", "REASON"},
                 "nothing has been detached", ended_row);
}

base::Result<std::string> compact_json(std::string_view untrusted_json) {
  const auto status = parse_object(untrusted_json);
  if (!status) return base::fail(status.error().text);
  return json::serialize(*status) + "\n";
}

}  // namespace cli
