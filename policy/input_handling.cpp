// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/input_handling.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/device/key_class.hpp"
#include "policy/quote.hpp"

namespace policy {
namespace {

struct Range {
  unsigned least;
  unsigned most;
};
constexpr Range keyboards{1, 16};
// A frame of a touch screen has 60 events; no device has more than a million in a second.
constexpr Range event_rate{100, 1'000'000};
constexpr Range press_rate{1, 1000};
constexpr std::array keys_known{std::string_view("pair"),          std::string_view("keys"),
                                std::string_view("injection"),     std::string_view("games"),
                                std::string_view("max-keyboards"), std::string_view("events"),
                                std::string_view("presses")};

base::Status set_number(std::string_view key, std::string_view value, Range range, unsigned& to) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size() || number < range.least ||
      number > range.most) {
    return wrong_value(key, value,
                       std::to_string(range.least) + " to " + std::to_string(range.most));
  }
  to = number;
  return base::Ok{};
}

}  // namespace

bool InputHandling::knows(std::string_view key) {
  return std::find(keys_known.begin(), keys_known.end(), key) != keys_known.end();
}

base::Status InputHandling::set(std::string_view key, std::string_view value) {
  if (key == "pair") {
    if (value != "yes" && value != "new" && value != "no") {
      return wrong_value(key, value, "yes, new or no");
    }
    pair = value == "yes" ? Pair::always : value == "new" ? Pair::unless_known : Pair::never;
  } else if (key == "keys") {
    const auto classes = base::device::parse_key_classes(value);
    if (!classes) return wrong_value(key, value, classes.error().text);
    keys = value;
  } else if (key == "injection") {
    if (value != "ask" && value != "off") return wrong_value(key, value, "ask or off");
    watch = value == "ask";
  } else if (key == "games") {
    if (value != "yes" && value != "no") return wrong_value(key, value, "yes or no");
    games = value == "yes";
  } else {
    const bool of_events = key == "events";
    const bool of_presses = key == "presses";
    auto set = set_number(key, value,
                          of_events    ? event_rate
                          : of_presses ? press_rate
                                       : keyboards,
                          of_events    ? events
                          : of_presses ? presses
                                       : max_keyboards);
    if (!set) return set;
  }
  written += " " + std::string(key) + "=" + std::string(value);
  return base::Ok{};
}

std::string InputHandling::words() const {
  std::string words;
  if (!keys.empty()) words += " keys=" + keys;
  if (!watch) words += " injection=off";
  if (games) words += " games=yes";
  if (events != 0) words += " events=" + std::to_string(events);
  if (presses != 0) words += " presses=" + std::to_string(presses);
  return words.empty() ? words : words.substr(1);
}

}  // namespace policy
