// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/safe_name.hpp"

#include <algorithm>
#include <array>

#include "base/wire/ascii.hpp"
#include "scanner-qube/release/limits.hpp"
#include "scanner-qube/volume/names/oddities.hpp"
#include "scanner-qube/volume/names/unicode.hpp"

namespace scannerqube::release {
namespace {

using namespace std::string_view_literals;
namespace names = volume::names;

constexpr char32_t mark = U'_';
constexpr std::size_t max_extension = 16;  // bytes; what is longer is no extension

// Names that a system acts upon, or keeps for itself.
constexpr std::array special{"autorun.inf"sv,  "desktop.ini"sv, "thumbs.db"sv,
                             "folder.htt"sv,   "recycler"sv,    "recycled"sv,
                             "$recycle.bin"sv, "lost+found"sv,  "system volume information"sv};
// A file manager opens these when it only shows the folder: for an icon, from wherever they say.
constexpr std::array active{"lnk"sv,     "pif"sv,        "scf"sv,       "url"sv,
                            "desktop"sv, "library-ms"sv, "search-ms"sv, "searchconnector-ms"sv,
                            "theme"sv,   "webloc"sv};

bool is_blank(char32_t c) {
  return c == 0x20 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f ||
         c == 0x205f || c == 0x3000;
}

bool is_forbidden(char32_t c) {
  if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029) return true;
  if (c < 0x80) return U"\"*/:<>?\\|"sv.find(c) != std::u32string_view::npos;
  // macOS and Samba write forbidden characters as private ones, and read them back.
  const bool is_private = (c >= 0xe000 && c <= 0xf8ff) || c >= 0xf0000;
  const bool no_character = (c & 0xfffeU) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef);
  return is_private || no_character || names::is_bidi_control(c) || names::is_invisible(c);
}

// What Windows turns into a forbidden ASCII character for programs that ask for one byte each, and
// slashes and colons by another number.
bool is_look_alike(char32_t c) {
  if (c >= 0xff01 && c <= 0xff5e) return is_forbidden(c - 0xfee0) || c == 0xff0e;
  constexpr auto others =
      U"\u00a6\u01c0\u0589\u2024\u2044\u2215\u2216\u2223\u2236\u29f5\u29f8\u29f9\ufe52\ufe55"
      U"\ufe56\ufe61\ufe64\ufe65\ufe68"sv;
  return others.find(c) != std::u32string_view::npos;
}

// Every byte that is no UTF-8 becomes a mark.
std::u32string decode_all(std::string_view untrusted) {
  if (auto whole = names::decode(untrusted)) return *std::move(whole);
  std::u32string out;
  while (!untrusted.empty()) {
    std::size_t taken = 1;
    char32_t c = mark;
    for (std::size_t length = 1; length <= std::min<std::size_t>(4, untrusted.size()); ++length) {
      const auto one = names::decode(untrusted.substr(0, length));
      if (!one || one->size() != 1) continue;
      c = one->front();
      taken = length;
      break;
    }
    out += c;
    untrusted.remove_prefix(taken);
  }
  return out;
}

// Without blanks at the ends or side by side: they push an extension out of sight.
std::u32string replace_letters(std::u32string_view letters) {
  std::u32string out;
  for (char32_t c : letters) {
    if (is_forbidden(c) || is_look_alike(c)) c = mark;
    if (!is_blank(c)) {
      out += c;
    } else if (!out.empty() && out.back() != U' ') {
      out += U' ';
    }
  }
  while (!out.empty() && (out.back() == U' ' || out.back() == U'.')) out.pop_back();
  return out;
}

std::string to_utf8(std::u32string_view letters) {
  std::string out;
  for (const char32_t c : letters) names::append_utf8(out, c);
  return out;
}

// Where the extension begins, with its dot; the end if there is none.
std::size_t extension_at(std::string_view name) {
  const auto dot = name.rfind('.');
  const bool has_one = dot != std::string_view::npos && dot != 0 && name.size() - dot - 1 != 0 &&
                       name.size() - dot - 1 <= max_extension;
  return has_one ? dot : name.size();
}

// At most `limit` bytes with the extension kept, and no letter cut in two.
std::string shortened(std::string_view name, std::size_t limit) {
  if (name.size() <= limit) return std::string(name);
  const std::size_t dot = extension_at(name);
  std::size_t end = limit - (name.size() - dot);
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0U) == 0x80) --end;
  while (end > 0 && (name[end - 1] == ' ' || name[end - 1] == '.')) --end;
  return std::string(name.substr(0, end)) + std::string(name.substr(dot));
}

bool has(const std::vector<names::Oddity>& odd, names::Oddity what) {
  return std::ranges::find(odd, what) != odd.end();
}

// With the class of a program for an extension, a folder opens as that program.
bool is_active(std::string_view lowered) {
  const auto dot = lowered.rfind('.');
  if (dot == std::string_view::npos) return false;
  const std::string_view extension = lowered.substr(dot + 1);
  return (extension.starts_with('{') && extension.ends_with('}')) ||
         std::ranges::find(active, extension) != active.end();
}

// Hidden files and folders that programs look for (.git), and words that tools take for options.
bool begins_badly(char c) { return c == '.' || c == '-' || c == '$' || c == '~'; }

}  // namespace

std::string safe_name(std::string_view untrusted) {
  std::string name = shortened(to_utf8(replace_letters(decode_all(untrusted))), max_name);
  if (name.empty()) return "_";
  if (has(names::odd_name(name), names::Oddity::double_extension)) {
    std::replace(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(name.rfind('.')), '.',
                 '_');
  }
  const std::string lowered = base::wire::ascii_lower(name);
  if (is_active(lowered)) name += '_';
  const bool device = has(names::odd_name(name), names::Oddity::device);
  const bool known = std::ranges::find(special, lowered) != special.end();
  if (device || known || begins_badly(name.front())) name.insert(name.begin(), '_');
  // Nothing should be left. If there is, the name is not worth the risk.
  if (!names::odd_name(name).empty()) return "renamed";
  return name;
}

std::string with_number(std::string_view name, std::uint32_t number) {
  const std::size_t dot = extension_at(name);
  return std::string(name.substr(0, dot)) + " (" + std::to_string(number) + ")" +
         std::string(name.substr(dot));
}

std::u16string name_units(std::string_view name) { return names::to_utf16(decode_all(name)); }

std::u32string name_key(std::string_view name) {
  // Letters that share a capital with another (Unicode 14.0.0, simple case mappings): a system that
  // compares in capitals takes them for that one.
  struct Twin {
    char32_t letter;
    char32_t other;
  };
  constexpr std::array<Twin, 22> twins{
      {{0x49, 0x69},    {0xb5, 0x3bc},   {0x131, 0x69},   {0x17f, 0x73},   {0x345, 0x3b9},
       {0x3c2, 0x3c3},  {0x3d0, 0x3b2},  {0x3d1, 0x3b8},  {0x3d5, 0x3c6},  {0x3d6, 0x3c0},
       {0x3f0, 0x3ba},  {0x3f1, 0x3c1},  {0x3f5, 0x3b5},  {0x1c80, 0x432}, {0x1c81, 0x434},
       {0x1c82, 0x43e}, {0x1c83, 0x441}, {0x1c84, 0x442}, {0x1c85, 0x442}, {0x1c86, 0x44a},
       {0x1c87, 0x463}, {0x1c88, 0xa64b}}};
  std::u32string key = names::fold(decode_all(name));
  for (char32_t& c : key) {
    const auto twin = std::ranges::find(twins, c, &Twin::letter);
    if (twin != twins.end()) c = twin->other;
  }
  return key;
}

}  // namespace scannerqube::release
