// SPDX-License-Identifier: GPL-2.0-or-later
#include "input-proxy/receiver_words.hpp"

#include <algorithm>
#include <charconv>

namespace inputproxy {
namespace {

base::Status bad(std::string_view word) {
  return base::fail("\"" + std::string(word) +
                    "\": known are keys=, injection=ask|off, games=yes|no, events=, presses=, "
                    "digits=");
}

// A rate of one or more a second.
base::Status read_rate(std::string_view word, std::string_view value, double& rate) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size() || number == 0) return bad(word);
  rate = number;
  return base::Ok{};
}

base::Status read_word(std::string_view word, ReceiverRules& rules) {
  const auto equals = word.find('=');
  if (equals == std::string_view::npos) return bad(word);
  const std::string_view key = word.substr(0, equals);
  const std::string_view value = word.substr(equals + 1);
  if (key == "keys") {
    const auto keys = base::device::parse_key_classes(value);
    if (!keys) return base::fail("keys= takes " + keys.error().text);
    rules.keys = KeyRules(*keys);
    return base::Ok{};
  }
  if (key == "digits") {
    const auto is_digit = [](char each) { return each >= '0' && each <= '9'; };
    if (value.size() != Pairing::digit_count || !std::ranges::all_of(value, is_digit)) {
      return bad("digits=");  // the value is nobody's business
    }
    rules.digits = value;
    return base::Ok{};
  }
  if (key == "events") return read_rate(word, value, rules.max_events_per_s);
  if (key == "presses") return read_rate(word, value, rules.max_presses_per_s);
  if (key == "injection" && (value == "ask" || value == "off")) {
    rules.watch_for_injection = value == "ask";
    return base::Ok{};
  }
  if (key == "games" && (value == "yes" || value == "no")) {
    rules.accepted.games = value == "yes";
    return base::Ok{};
  }
  return bad(word);
}

}  // namespace

base::Status read_words(std::string_view text, ReceiverRules& rules) {
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (word.empty()) continue;
    if (auto read = read_word(word, rules); !read) return read;
  }
  return base::Ok{};
}

}  // namespace inputproxy
