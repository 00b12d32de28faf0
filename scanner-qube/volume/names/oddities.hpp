// SPDX-License-Identifier: GPL-2.0-or-later
// What is odd in a name: what a person would not see, what a program would take for something else.
//
// Pure. Names are bytes and stay so; nothing here cleans them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace scannerqube::volume::names {

inline constexpr std::size_t max_component = 255;  // bytes

enum class Oddity : std::uint8_t {
  control,           // control characters, C0 and C1
  not_utf8,          // bytes that are no UTF-8
  bidi,              // right-to-left overrides and their like
  invisible,         // zero width
  traversal,         // "." or ".." as a name
  separator,         // a slash, a backslash or NUL inside a name
  device,            // CON, NUL, COM1, ... for DOS and Windows
  trailing,          // dots or blanks at the end: Windows drops them
  leading_blank,     //
  empty,             // no name at all
  too_long,          // more than max_component
  double_extension,  // invoice.pdf.exe
  autorun,           // autorun.inf at the top
  same_but_for_case,
  same_normalised,  // the same letters, put together differently
};
std::string_view name_of(Oddity oddity);

// One name between slashes.
std::vector<Oddity> odd_name(std::string_view component);
// All names of "a/b/c", each oddity once, and what is odd about the whole.
std::vector<Oddity> odd_path(std::string_view path);

// Paths that a file system without case or with normalisation takes for one. Each pair that
// follows another in folded order is named once.
struct Alike {
  std::string one;
  std::string other;
  Oddity why = Oddity::same_but_for_case;
};
inline constexpr std::size_t max_alike = 256;
std::vector<Alike> alike(const std::vector<std::string_view>& paths);

}  // namespace scannerqube::volume::names
