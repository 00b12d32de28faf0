// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/rig/wire.hpp"

#include <charconv>

namespace rig {
namespace {

template <class Number>
bool take_number(std::string_view& line, Number& number) {
  if (line.empty() || line.front() != ' ') return false;
  line.remove_prefix(1);
  const char* const end = line.data() + line.size();
  const auto [rest, error] = std::from_chars(line.data(), end, number);
  if (error != std::errc{}) return false;
  line.remove_prefix(static_cast<std::size_t>(rest - line.data()));
  return true;
}

}  // namespace

std::string format_header(std::string_view word, const Header& header) {
  return std::string(word) + ' ' + std::to_string(header.id) + ' ' + std::to_string(header.number) +
         ' ' + std::to_string(header.length) + '\n';
}

std::optional<Header> parse_header(std::string_view line, std::string_view word,
                                   std::size_t limit) {
  if (!line.starts_with(word)) return std::nullopt;
  line.remove_prefix(word.size());
  Header header;
  if (!take_number(line, header.id) || !take_number(line, header.number) ||
      !take_number(line, header.length) || !line.empty() || header.length > limit) {
    return std::nullopt;
  }
  return header;
}

}  // namespace rig
