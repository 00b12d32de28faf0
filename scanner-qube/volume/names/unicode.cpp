// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/names/unicode.hpp"

#include <algorithm>

namespace scannerqube::volume::names {
namespace {

char32_t lower(char32_t c) {
  if (c >= U'A' && c <= U'Z') return c + 32;
  if (c < 0x80) return c;
  const auto runs = case_runs();
  auto run = std::ranges::upper_bound(runs, c, {}, &CaseRun::first);
  // Runs of one letter in two may lie within each other: look at the two before.
  for (int back = 0; back < 2 && run != runs.begin(); ++back) {
    --run;
    if (c <= run->last && (c - run->first) % run->stride == 0) {
      return static_cast<char32_t>(static_cast<std::int64_t>(c) + run->delta);
    }
  }
  return c;
}

void decompose(char32_t c, std::u32string& out) {
  const auto all = compositions();
  // A letter may carry several marks: each step takes one off, the last first.
  std::u32string marks;
  for (int step = 0; step < 4; ++step) {
    const auto found = std::ranges::lower_bound(all, c, {}, &Composed::whole);
    if (found == all.end() || found->whole != c) break;
    marks.insert(marks.begin(), found->mark);
    c = found->letter;
  }
  // Some capitals have no small letter of their own, but one below their mark: U+0130 of Turkish.
  out += lower(c);
  out += marks;
}

// Bytes of a sequence by its first byte; 0 for one that starts none.
std::size_t length_of(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  if (first >= 0xf0 && first <= 0xf4) return 4;
  return 0;
}

}  // namespace

std::optional<std::u32string> decode(std::string_view untrusted) {
  std::u32string out;
  while (!untrusted.empty()) {
    const auto first = static_cast<unsigned char>(untrusted.front());
    const std::size_t length = length_of(first);
    if (length == 0 || untrusted.size() < length) return std::nullopt;
    char32_t c = length == 1 ? first : first & (0xffU >> (length + 1));
    for (const char next : untrusted.substr(1, length - 1)) {
      const auto byte = static_cast<unsigned char>(next);
      if ((byte & 0xc0U) != 0x80) return std::nullopt;
      c = (c << 6) | (byte & 0x3fU);
    }
    const bool overlong = (length == 3 && c < 0x800) || (length == 4 && c < 0x10000);
    const bool surrogate = c >= 0xd800 && c <= 0xdfff;
    if (overlong || surrogate || c > 0x10ffff) return std::nullopt;
    out += c;
    untrusted.remove_prefix(length);
  }
  return out;
}

void append_utf8(std::string& out, char32_t c) {
  const auto tail = [&out, c](int shift) {
    out += static_cast<char>(0x80U | ((c >> shift) & 0x3fU));
  };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0U | (c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0U | (c >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0U | (c >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

std::u16string to_utf16(std::u32string_view text) {
  std::u16string out;
  for (const char32_t c : text) {
    if (c < 0x10000) {
      out += static_cast<char16_t>(c);
    } else {
      out += static_cast<char16_t>(0xd800U + ((c - 0x10000U) >> 10));
      out += static_cast<char16_t>(0xdc00U + ((c - 0x10000U) & 0x3ffU));
    }
  }
  return out;
}

std::u32string fold(std::u32string_view text) {
  std::u32string out;
  for (const char32_t c : text) decompose(lower(c), out);
  return out;
}

bool is_bidi_control(char32_t c) {
  return c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069);
}

bool is_invisible(char32_t c) {
  return c == 0xad || c == 0x34f || c == 0x115f || c == 0x1160 || c == 0x17b4 || c == 0x17b5 ||
         (c >= 0x180b && c <= 0x180f) || (c >= 0x200b && c <= 0x200d) ||
         (c >= 0x2060 && c <= 0x2065) || (c >= 0x206a && c <= 0x206f) || c == 0x3164 ||
         (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff || c == 0xffa0 ||
         (c >= 0xfff0 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff);
}

}  // namespace scannerqube::volume::names
