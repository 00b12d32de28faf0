// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/report/io/strict_json.hpp"

#include <algorithm>
#include <array>

#include "base/wire/escape.hpp"
#include "scanner-qube/report/scan_report.hpp"

namespace scannerqube::report {
namespace {

namespace json = boost::json;

constexpr std::size_t max_depth = 8;

const json::value& nothing() {
  static const json::value null;
  return null;
}
const json::object& no_members() {
  static const json::object empty;
  return empty;
}
const json::array& no_values() {
  static const json::array empty;
  return empty;
}

// Before a value of it is made: how deep, how many values, and how many members in one object, for
// looking one up takes longer the more there are.
class Shape {
 public:
  // nullptr, or what is wrong.
  const char* push(char c) {
    if (inside_text_) {
      inside_text_ = escaped_ || c != '"';
      escaped_ = !escaped_ && c == '\\';
      return nullptr;
    }
    inside_text_ = c == '"';
    if (c == ',' || c == ':' || c == '[' || c == '{') ++marks_;
    if (marks_ > max_json_values) return "it has too many values";
    if (c == '[' || c == '{') {
      if (depth_ == max_depth) return "it is nested too deeply";
      levels_.at(depth_++) = {.object = c == '{'};
    }
    if ((c == ']' || c == '}') && depth_ > 0) --depth_;
    if (c == ',' && depth_ > 0) {
      Level& level = levels_.at(depth_ - 1);
      if (level.object && ++level.members > max_members) return "an object has too many members";
    }
    return nullptr;
  }

 private:
  static constexpr std::size_t max_members = 32;
  struct Level {
    bool object = false;
    std::size_t members = 1;
  };
  std::array<Level, max_depth> levels_ = {};
  std::size_t depth_ = 0;
  std::size_t marks_ = 0;
  bool inside_text_ = false;
  bool escaped_ = false;
};

}  // namespace

base::Result<json::value> parse_strict(std::string_view untrusted, std::size_t limit) {
  if (untrusted.size() > limit) {
    return base::fail("it is longer than the limit of " + std::to_string(limit) + " bytes");
  }
  const auto odd = std::ranges::find_if(untrusted, [](char c) { return c < ' ' || c > '~'; });
  if (odd != untrusted.end()) {
    return base::fail("byte " + std::to_string(odd - untrusted.begin()) +
                      " is no printable ASCII: " + base::wire::escape({odd, 1}));
  }
  Shape shape;
  for (const char c : untrusted) {
    if (const char* wrong = shape.push(c)) return base::fail(wrong);
  }
  json::error_code error;
  auto value =
      json::parse({untrusted.data(), untrusted.size()}, error, {}, {.max_depth = max_depth});
  if (error) return base::fail("it is no JSON: " + error.message());
  return value;
}

Fields::Fields(const json::value& untrusted, std::string where, Complaint& complaint)
    : object_(untrusted.is_object() ? untrusted.get_object() : no_members()),
      where_(std::move(where)),
      complaint_(complaint) {
  if (!untrusted.is_object() && complaint_.none()) complaint_.text = where_ + " is no object";
}

void Fields::complain(std::string_view key, std::string_view why) {
  if (complaint_.none()) {
    complaint_.text = where_ + "." + std::string(key) + " " + std::string(why);
  }
}

const json::value& Fields::member(std::string_view key) {
  const json::value* value = object_.if_contains({key.data(), key.size()});
  if (value == nullptr) {
    complain(key, "is missing");
    return nothing();
  }
  ++taken_;
  return *value;
}

std::uint64_t Fields::number(std::string_view key, std::uint64_t most) {
  const json::value& value = member(key);
  const bool whole = value.is_int64() && value.get_int64() >= 0;
  const auto number = whole ? static_cast<std::uint64_t>(value.get_int64()) : 0;
  if (!whole || number > most) {
    complain(key, "is no whole number from 0 to " + std::to_string(most));
    return 0;
  }
  return number;
}

std::int64_t Fields::time(std::string_view key) {
  return static_cast<std::int64_t>(number(key, max_number));
}

bool Fields::flag(std::string_view key) {
  const json::value& value = member(key);
  if (!value.is_bool()) complain(key, "is neither true nor false");
  return value.is_bool() && value.get_bool();
}

std::string Fields::text(std::string_view key, std::size_t most) {
  const json::value& value = member(key);
  if (!value.is_string()) {
    complain(key, "is no text");
    return {};
  }
  const std::string_view text(value.get_string().data(), value.get_string().size());
  if (text.size() > most || !is_printable(text)) {
    complain(key, "is no printable text of at most " + std::to_string(most) + " bytes");
    return {};
  }
  return std::string(text);
}

void Fields::constant(std::string_view key, std::string_view expected, std::size_t most) {
  if (text(key, most) != expected) complain(key, "is not \"" + std::string(expected) + "\"");
}

void Fields::hex(std::string_view key, std::span<std::byte> out) {
  const json::value& value = member(key);
  const bool good =
      value.is_string() &&
      base::hash::from_hex({value.get_string().data(), value.get_string().size()}, out);
  if (!good) {
    std::ranges::fill(out, std::byte{0});
    complain(key, "is not " + std::to_string(2 * out.size()) + " digits 0-9a-f");
  }
}

const json::array& Fields::list(std::string_view key, std::size_t most) {
  const json::value& value = member(key);
  if (!value.is_array() || value.get_array().size() > most) {
    complain(key, "is no list of at most " + std::to_string(most));
    return no_values();
  }
  return value.get_array();
}

void Fields::done() {
  if (taken_ != object_.size() && complaint_.none()) {
    complaint_.text = where_ + " has a member that is not known here";
  }
}

}  // namespace scannerqube::report
