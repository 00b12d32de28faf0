// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/short_names.hpp"

#include <algorithm>

#include "base/wire/ascii.hpp"

namespace scannerqube::release {
namespace {

constexpr std::size_t max_stem = 8;
constexpr std::size_t max_short_extension = 3;
constexpr std::size_t kept_letters = 6;  // letters of the name; the number takes what it needs

std::string capitals(std::string_view text, std::size_t limit) {
  std::string out;
  for (const char c : text) {
    if (out.size() == limit) break;
    if (!base::wire::is_alphanumeric(c)) continue;
    out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  }
  return out;
}

// As it is, for comparing: a name with other than ASCII is no short name.
std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return out;
}

}  // namespace

ShortNames::ShortNames(const Contents& contents, std::uint32_t folder) {
  constexpr std::size_t longest = max_stem + 1 + max_short_extension;
  for (const auto& child : contents.children(folder)) {
    const std::string_view name = contents.name_of(child);
    if (name.size() <= longest) taken_.insert(upper(name));
  }
}

std::string ShortNames::next(std::string_view name) {
  const auto dot = name.rfind('.');
  std::string stem = capitals(name.substr(0, dot), kept_letters);
  if (stem.empty()) stem = "FILE";
  // An extension is kept_letters whole or not at all: of "x.lnk_" it must not become LNK.
  std::string extension;
  if (dot != std::string_view::npos)
    extension = capitals(name.substr(dot + 1), max_short_extension);
  if (extension.size() + 1 != name.size() - std::min(dot, name.size())) extension.clear();
  // Ends: each number is tried once for a stem, and at most as many are taken as there are
  // children.
  std::uint32_t& number = numbers_[stem + "." + extension];
  for (;;) {
    const std::string tail_text = "~" + std::to_string(++number);
    const std::string candidate =
        stem.substr(0, std::min(stem.size(), max_stem - tail_text.size())) + tail_text;
    const std::string shown = extension.empty() ? candidate : candidate + "." + extension;
    if (!taken_.insert(shown).second) continue;
    std::string padded = candidate;
    padded.resize(max_stem, ' ');
    padded += extension;
    padded.resize(max_stem + max_short_extension, ' ');
    return padded;
  }
}

}  // namespace scannerqube::release
