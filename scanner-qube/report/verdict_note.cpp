// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/report/verdict_note.hpp"

#include <algorithm>
#include <charconv>

namespace scannerqube::report {
namespace {

constexpr base::sign::Purpose purpose = base::sign::Purpose::scan_verdict;

std::string_view take_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word;
}

bool take_time(std::string_view text, std::int64_t& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc{} && end == text.data() + text.size() && into >= 0;
}

std::string line_of(const VerdictNote& note) {
  return base::hash::to_hex(note.snapshot) + ' ' + base::hash::to_hex(note.root) + ' ' +
         std::string(verdict_name(note.verdict)) + ' ' + std::to_string(note.database_date) + ' ' +
         std::to_string(note.ended);
}

}  // namespace

std::string sign_note(const base::sign::KeyPair& pair, const VerdictNote& note) {
  const std::string line = line_of(note);
  return line + '\n' + pair.sign(purpose, line).hex() + '\n';
}

base::Result<VerdictNote> open_note(const base::sign::PublicKey& key, std::string_view untrusted) {
  const std::size_t end = untrusted.find('\n');
  if (untrusted.size() > max_note || end == std::string_view::npos || !untrusted.ends_with('\n')) {
    return base::fail("this is no note of a verdict");
  }
  const std::string_view line = untrusted.substr(0, end);
  std::string_view digits = untrusted.substr(end + 1);
  if (!digits.empty()) digits.remove_suffix(1);
  const auto signature = base::sign::Signature::parse(digits);
  if (!signature ||
      base::sign::verify(key, purpose, line, *signature) != base::sign::Verified::yes) {
    return base::fail("this note of a verdict is not signed with the key " + key.id());
  }
  std::string_view rest = line;
  VerdictNote note;
  const bool ids = base::hash::from_hex(take_word(rest), note.snapshot) &&
                   base::hash::from_hex(take_word(rest), note.root);
  const auto verdict = verdict_named(take_word(rest));
  const bool times = take_time(take_word(rest), note.database_date) && take_time(rest, note.ended);
  if (!ids || !verdict || !times) return base::fail("this note of a verdict says nothing");
  note.verdict = *verdict;
  if (line_of(note) != line) return base::fail("this note of a verdict is written in another way");
  return note;
}

}  // namespace scannerqube::report
