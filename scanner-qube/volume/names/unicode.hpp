// SPDX-License-Identifier: GPL-2.0-or-later
// As much of Unicode as it takes to see that two names look alike.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace scannerqube::volume::names {

// first, first + stride, ... last: lower case is `delta` away.
struct CaseRun {
  std::uint32_t first;
  std::uint32_t last;
  std::uint32_t stride;
  std::int32_t delta;
};
// A letter with a mark in one code point, and in two.
struct Composed {
  std::uint32_t whole;
  std::uint32_t letter;
  std::uint32_t mark;
};
std::span<const CaseRun> case_runs();
std::span<const Composed> compositions();  // sorted by `whole`

// The code points; nullopt where the bytes are no UTF-8 (RFC 3629: no overlong forms, no
// surrogates).
std::optional<std::u32string> decode(std::string_view untrusted);

// Half a surrogate pair becomes three bytes that are no UTF-8.
void append_utf8(std::string& out, char32_t c);
std::u16string to_utf16(std::u32string_view text);

// Canonical decomposition of letters with marks, and lower case: equal results are names that a
// file system without case, or one that normalises, takes for one. Marks are not reordered.
std::u32string fold(std::u32string_view text);

bool is_bidi_control(char32_t c);
bool is_invisible(char32_t c);  // zero width, joiners, fillers, tags, variation selectors

}  // namespace scannerqube::volume::names
