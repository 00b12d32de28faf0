// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/log_command.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>

#include "base/wire/ascii.hpp"
#include "base/wire/escape.hpp"
#include "base/wire/utc_text.hpp"

namespace cli {
namespace {

namespace json = boost::json;

constexpr std::string_view time_key = "\"time\":\"";
constexpr std::size_t time_size = std::string_view("2026-11-23T09:20:41.123Z").size();
constexpr std::size_t max_shown = 1000;

std::string shown(const json::object& record, std::string_view key) {
  const json::value* value = record.if_contains(key);
  if (value == nullptr) return {};
  if (value->is_string()) return base::wire::escape(value->as_string(), max_shown);
  return value->is_int64() ? std::to_string(value->as_int64()) : std::string();
}

// "1.5 s", "3 min", of milliseconds.
std::string duration_text(const std::string& milliseconds) {
  std::int64_t ms = 0;
  const char* end = milliseconds.data() + milliseconds.size();
  if (std::from_chars(milliseconds.data(), end, ms).ec != std::errc{}) return milliseconds + " ms";
  if (ms < 1000) return std::to_string(ms) + " ms";
  if (ms < 120'000) return std::to_string(ms / 1000) + " s";
  return std::to_string(ms / 60'000) + " min";
}

void append_note(std::string& notes, std::string_view what, const std::string& value) {
  if (value.empty()) return;
  notes += (notes.empty() ? "" : ", ") + std::string(what) + value;
}

// Like "2026-11-01T10:00:00Z", or the beginning of it, at least the day.
bool is_time(std::string_view text) {
  constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd.dddZ";
  constexpr std::size_t day = 10;
  if (text.size() < day || text.size() > shape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool last_z = i + 1 == text.size() && text[i] == 'Z' && i > day;
    const bool fits = shape[i] == 'd' ? base::wire::is_digit(text[i]) : text[i] == shape[i];
    if (!fits && !last_z) return false;
  }
  return true;
}

std::optional<std::int64_t> seconds_of(std::string_view text) {
  constexpr std::array units{std::pair{'s', 1}, std::pair{'m', 60}, std::pair{'h', 3600},
                             std::pair{'d', 24 * 3600}, std::pair{'w', 7 * 24 * 3600}};
  std::int64_t number = 0;
  if (text.size() < 2) return std::nullopt;
  const char* end = text.data() + text.size() - 1;
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc{} || parsed.ptr != end || number < 0 || number > 1'000'000) {
    return std::nullopt;
  }
  for (const auto& [unit, seconds] : units) {
    if (unit == text.back()) return number * seconds;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> format_record(std::string_view untrusted_line) {
  json::error_code error;
  const json::value parsed = json::parse({untrusted_line.data(), untrusted_line.size()}, error);
  if (error || !parsed.is_object()) return std::nullopt;
  const json::object& record = parsed.as_object();
  std::string text = shown(record, "text");
  if (text.empty()) text = "(" + shown(record, "kind") + ")";
  std::string notes;
  append_note(notes, "rule ", shown(record, "rule"));
  append_note(notes, "by ", shown(record, "approver"));
  append_note(notes, "device ", shown(record, "device"));
  if (const auto asked = shown(record, "asked_ms"); !asked.empty()) {
    append_note(notes, "asked for ", duration_text(asked));
  }
  if (const auto lasted = shown(record, "duration_ms"); !lasted.empty()) {
    append_note(notes, "after ", duration_text(lasted));
    append_note(notes, "bytes to it ", shown(record, "bytes_to_device"));
    append_note(notes, "from it ", shown(record, "bytes_from_device"));
  }
  return shown(record, "time") + "  " + text + (notes.empty() ? "" : "  [" + notes + "]");
}

base::Result<std::string> parse_since(std::string_view text, std::int64_t now) {
  if (is_time(text))
    return std::string(text.ends_with('Z') ? text.substr(0, text.size() - 1) : text);
  if (const auto ago = seconds_of(text)) return base::wire::utc_text(now - *ago, "%FT%T");
  return base::fail("'" + base::wire::escape(text, 64) +
                    "' is no time; write 2h, 7d, 2026-11-01 or 2026-11-01T10:00:00Z (UTC)");
}

std::string_view time_of_record(std::string_view untrusted_line) {
  const std::size_t at = untrusted_line.find(time_key);
  if (at == std::string_view::npos) return {};
  return untrusted_line.substr(at + time_key.size(), time_size);
}

}  // namespace cli
