// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/names/oddities.hpp"

#include <algorithm>
#include <array>

#include "base/wire/ascii.hpp"
#include "scanner-qube/documents.hpp"
#include "scanner-qube/volume/names/unicode.hpp"

namespace scannerqube::volume::names {
namespace {

using namespace std::string_view_literals;

// What Windows runs, or opens with something that runs it.
constexpr std::array programs{"exe"sv,  "com"sv, "scr"sv, "pif"sv, "bat"sv, "cmd"sv,  "vbs"sv,
                              "vbe"sv,  "js"sv,  "jse"sv, "wsf"sv, "wsh"sv, "hta"sv,  "msi"sv,
                              "msp"sv,  "lnk"sv, "ps1"sv, "cpl"sv, "jar"sv, "reg"sv,  "url"sv,
                              "chm"sv,  "dll"sv, "sys"sv, "inf"sv, "scf"sv, "app"sv,  "desktop"sv,
                              "iso"sv,  "img"sv, "vhd"sv, "one"sv, "sh"sv,  "appx"sv, "gadget"sv,
                              "vhdx"sv, "xll"sv};
constexpr std::array devices{"con"sv,    "prn"sv,     "aux"sv,   "nul"sv,
                             "conin$"sv, "conout$"sv, "clock$"sv};

std::string_view without_tail(std::string_view text) {
  const auto last = text.find_last_not_of(". ");
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

template <std::size_t size>
bool among(const std::array<std::string_view, size>& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

bool is_device(std::string_view lowered) {
  // What follows a dot or a colon does not matter: "nul.txt" is the device.
  const std::string_view stem = without_tail(lowered.substr(0, lowered.find_first_of(".:")));
  if (among(devices, stem)) return true;
  if (!stem.starts_with("com") && !stem.starts_with("lpt")) return false;
  const std::string_view rest = stem.substr(3);
  if (rest.size() == 1) return rest[0] >= '0' && rest[0] <= '9';
  return rest == "\xc2\xb9" || rest == "\xc2\xb2" || rest == "\xc2\xb3";  // superscripts count
}

bool is_double_extension(std::string_view lowered) {
  // Blanks between them push the second out of sight.
  const std::string_view name = without_tail(lowered);
  const auto last = name.rfind('.');
  if (last == std::string_view::npos || last == 0) return false;
  if (!among(programs, name.substr(last + 1))) return false;
  const std::string_view stem = without_tail(name.substr(0, last));
  const auto before = stem.rfind('.');
  return before != std::string_view::npos && is_document_extension(stem.substr(before + 1));
}

void add(std::vector<Oddity>& found, Oddity oddity) {
  if (std::ranges::find(found, oddity) == found.end()) found.push_back(oddity);
}

void look_at_letters(std::string_view component, std::vector<Oddity>& found) {
  const auto letters = decode(component);
  if (!letters) {
    add(found, Oddity::not_utf8);
    const auto control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; };
    if (std::ranges::any_of(component, control)) add(found, Oddity::control);
    return;
  }
  for (const char32_t c : *letters) {
    if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029) {
      add(found, Oddity::control);
    }
    if (is_bidi_control(c)) add(found, Oddity::bidi);
    if (is_invisible(c)) add(found, Oddity::invisible);
  }
}

}  // namespace

std::string_view name_of(Oddity oddity) {
  switch (oddity) {
    case Oddity::control:
      return "control characters";
    case Oddity::not_utf8:
      return "bytes that are no UTF-8";
    case Oddity::bidi:
      return "characters that turn the direction of text";
    case Oddity::invisible:
      return "characters without width";
    case Oddity::traversal:
      return "a name that means a folder";
    case Oddity::separator:
      return "a separator in a name";
    case Oddity::device:
      return "a name of a DOS device";
    case Oddity::trailing:
      return "dots or blanks at the end";
    case Oddity::leading_blank:
      return "a blank at the start";
    case Oddity::empty:
      return "no name";
    case Oddity::too_long:
      return "a very long name";
    case Oddity::double_extension:
      return "a program with the extension of a document";
    case Oddity::autorun:
      return "autorun.inf";
    case Oddity::same_but_for_case:
      return "the same but for case";
    case Oddity::same_normalised:
      return "the same letters, composed differently";
  }
  return "?";
}

std::vector<Oddity> odd_name(std::string_view component) {
  std::vector<Oddity> found;
  if (component.empty()) return {Oddity::empty};
  if (component == "." || component == "..") return {Oddity::traversal};
  if (component.find_first_of("/\\\0"sv) != std::string_view::npos) {
    add(found, Oddity::separator);
  }
  look_at_letters(component, found);
  const std::string lowered = base::wire::ascii_lower(component);
  if (is_device(lowered)) add(found, Oddity::device);
  if (component.back() == '.' || component.back() == ' ') add(found, Oddity::trailing);
  if (component.front() == ' ') add(found, Oddity::leading_blank);
  if (component.size() > max_component) add(found, Oddity::too_long);
  if (is_double_extension(lowered)) add(found, Oddity::double_extension);
  return found;
}

std::vector<Oddity> odd_path(std::string_view path) {
  std::vector<Oddity> found;
  if (without_tail(base::wire::ascii_lower(path)) == "autorun.inf") add(found, Oddity::autorun);
  for (;;) {
    const auto slash = path.find('/');
    for (const Oddity oddity : odd_name(path.substr(0, slash))) add(found, oddity);
    if (slash == std::string_view::npos) return found;
    path.remove_prefix(slash + 1);
  }
}

std::vector<Alike> alike(const std::vector<std::string_view>& paths) {
  struct Folded {
    std::u32string key;
    std::u32string exact;  // not normalised, lower case aside
    std::string_view path;
  };
  std::vector<Folded> all;
  for (const std::string_view path : paths) {
    auto letters = decode(path);
    if (letters) all.push_back({.key = fold(*letters), .exact = *letters, .path = path});
  }
  std::ranges::sort(all, [](const Folded& a, const Folded& b) {
    return a.key != b.key ? a.key < b.key : a.path < b.path;
  });
  std::vector<Alike> found;
  for (std::size_t i = 1; i < all.size() && found.size() < max_alike; ++i) {
    const Folded& one = all[i - 1];
    const Folded& other = all[i];
    if (one.key != other.key || one.path == other.path) continue;
    // Case keeps the number of letters; composing changes it.
    const bool composed = one.exact.size() != other.exact.size();
    found.push_back({.one = std::string(one.path),
                     .other = std::string(other.path),
                     .why = composed ? Oddity::same_normalised : Oddity::same_but_for_case});
  }
  return found;
}

}  // namespace scannerqube::volume::names
