// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/input_handling.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/device/key_class.hpp"
#include "policy/quote.hpp"

namespace policy {
namespace {

constexpr unsigned most_keyboards = 16;
constexpr std::array keys_known{std::string_view("pair"), std::string_view("keys"),
                                std::string_view("injection"), std::string_view("games"),
                                std::string_view("max-keyboards")};

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
    const auto [end, error] =
        std::from_chars(value.data(), value.data() + value.size(), max_keyboards);
    if (error != std::errc{} || end != value.data() + value.size() || max_keyboards < 1 ||
        max_keyboards > most_keyboards) {
      return wrong_value(key, value, "1 to " + std::to_string(most_keyboards));
    }
  }
  written += " " + std::string(key) + "=" + std::string(value);
  return base::Ok{};
}

std::string InputHandling::words() const {
  std::string words;
  if (!keys.empty()) words += " keys=" + keys;
  if (!watch) words += " injection=off";
  if (games) words += " games=yes";
  return words.empty() ? words : words.substr(1);
}

}  // namespace policy
