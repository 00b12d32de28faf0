// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/database/container_header.hpp"

#include <array>
#include <charconv>
#include <optional>

namespace scannerqube::database {
namespace {

constexpr std::size_t fields = 9;
constexpr std::size_t at_magic = 0;
constexpr std::size_t at_version = 2;
constexpr std::size_t at_level = 4;
constexpr std::size_t at_built = 8;

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != end || value < Number{0}) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

base::Result<ContainerFacts> parse_container_header(base::wire::Bytes untrusted) {
  if (untrusted.size() < container_header_size) {
    return base::fail("shorter than the 512 bytes of a ClamAV container's header");
  }
  std::string_view rest = base::wire::as_text(untrusted.first(container_header_size));
  rest = rest.substr(0, rest.find_last_not_of(" \n") + 1);
  std::array<std::string_view, fields> field;
  std::size_t count = 0;
  for (; count < fields; ++count) {
    const std::size_t colon = rest.find(':');
    field.at(count) = rest.substr(0, colon);
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  // Without the ninth field the file is from before 2005.
  if (count != at_built || field[at_magic] != "ClamAV-VDB") {
    return base::fail("no header of a ClamAV container");
  }
  const auto its_version = number<std::uint32_t>(field[at_version]);
  const auto its_level = number<std::uint32_t>(field[at_level]);
  const auto its_time = number<std::int64_t>(field[at_built]);
  if (!its_version || !its_level || !its_time) {
    return base::fail("a header of a ClamAV container without version, level or time");
  }
  return ContainerFacts{.version = *its_version, .built = *its_time, .level = *its_level};
}

}  // namespace scannerqube::database
