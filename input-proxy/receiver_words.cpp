// SPDX-License-Identifier: GPL-2.0-or-later
#include "input-proxy/receiver_words.hpp"

#include <algorithm>

namespace inputproxy {
namespace {

base::Status bad(std::string_view word) {
  return base::fail("\"" + std::string(word) +
                    "\": known are keys=, injection=ask|off, games=yes|no, digits=");
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
