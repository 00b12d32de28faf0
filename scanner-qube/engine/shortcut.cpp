// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/engine/shortcut.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/hash/digest.hpp"

namespace scannerqube {
namespace {

using base::wire::Bytes;
using base::wire::Reader;
using namespace std::string_view_literals;

// Its length, and the class that all of them have (2.1).
constexpr std::string_view begin = "\x4c\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"sv;
constexpr std::size_t header_size = 0x4c;
constexpr std::size_t flags_at = 20;

enum Flag : std::uint32_t {  // 2.1.1
  has_id_list = 0x01,
  has_link_info = 0x02,
  has_name = 0x04,
  has_relative_path = 0x08,
  has_working_dir = 0x10,
  has_arguments = 0x20,
  has_icon = 0x40,
  is_unicode = 0x80,
};

// One that is not printable ASCII by its number; what is beyond the bound is left out.
class Text {
 public:
  void add(std::uint32_t letter) {
    if (text_.size() >= max_shortcut_text) return;
    const bool blank = letter <= ' ';
    if (blank && (text_.empty() || text_.back() == ' ')) return;
    if (blank) {
      text_ += ' ';
    } else if (letter < 0x7f) {
      text_ += static_cast<char>(letter);
    } else {
      const std::array<std::byte, 2> number{std::byte(letter >> 8U), std::byte(letter & 0xffU)};
      text_ += "\\u" + base::hash::to_hex(number);
    }
  }
  std::string take() {
    while (text_.ends_with(' ')) text_.pop_back();
    return std::move(text_);
  }

 private:
  std::string text_;
};

std::string narrow(Bytes bytes) {
  Text text;
  for (const std::byte byte : bytes) {
    if (byte == std::byte{0}) break;
    text.add(std::to_integer<std::uint32_t>(byte));
  }
  return text.take();
}

std::string wide(Bytes bytes) {
  Text text;
  for (Reader in(bytes); in.rest().size() >= 2;) {
    const std::uint16_t letter = in.u16();
    if (letter == 0) break;
    text.add(letter);
  }
  return text.take();
}

Bytes from(Bytes bytes, std::size_t at) { return bytes.subspan(std::min(at, bytes.size())); }

// The name of the last file or folder in the list of items (2.2; libfwsi, "Windows Shell Item
// format specification", file entry).
std::string last_item(Bytes list) {
  constexpr std::size_t name_at = 12;  // behind type, size, date and attributes
  std::string last;
  for (Reader in(list); in.rest().size() > 2;) {
    const std::uint16_t size = in.u16();
    if (size < 3) break;
    const Bytes item = in.take(size - 2U);
    if (!in.ok() || item.empty()) break;
    const auto type = std::to_integer<unsigned>(item[0]);
    if ((type & 0x70U) != 0x30U || item.size() <= name_at) continue;
    last = (type & 0x04U) != 0 ? wide(from(item, name_at)) : narrow(from(item, name_at));
  }
  return last;
}

// 2.3: the path on a disk, or of a share, and what follows it.
std::string path_of(Bytes info) {
  Reader in(info);
  in.u32();  // size
  const std::uint32_t header = in.u32();
  const std::uint32_t flags = in.u32();
  in.u32();  // volume
  const std::uint32_t local = in.u32();
  const std::uint32_t network = in.u32();
  const std::uint32_t suffix = in.u32();
  constexpr std::uint32_t with_unicode = 0x24;
  const std::uint32_t local_wide = header >= with_unicode ? in.u32() : 0;
  if (!in.ok()) return {};
  std::string path;
  if ((flags & 1U) != 0) {
    path = local_wide != 0 ? wide(from(info, local_wide)) : narrow(from(info, local));
  } else if ((flags & 2U) != 0) {
    Reader share(from(info, network));
    share.u32();
    share.u32();
    const std::uint32_t name = share.u32();
    if (share.ok()) path = narrow(from(from(info, network), name)) + "\\";
  }
  return path + narrow(from(info, suffix));
}

// 2.5.4: the target with variables in it, which takes the place of all others.
std::string variable_target(Bytes extra) {
  constexpr std::uint32_t variables = 0xa0000001;
  constexpr std::size_t narrow_size = 260;
  for (Reader in(extra); in.rest().size() >= 8;) {
    const std::uint32_t size = in.u32();
    if (size < 8) break;
    const Bytes block = in.take(size - 4);
    if (!in.ok()) break;
    Reader inside(block);
    if (inside.u32() != variables) continue;
    std::string target = wide(from(block, 4 + narrow_size));
    return target.empty() ? narrow(from(block, 4)) : target;
  }
  return {};
}

// One of the texts behind the target (2.4).
std::string take_text(Reader& in, std::uint32_t flags, Flag which) {
  if ((flags & which) == 0) return {};
  const std::uint16_t letters = in.u16();
  if ((flags & is_unicode) == 0) return narrow(in.take(letters));
  return wide(in.take(letters * std::size_t{2}));
}

}  // namespace

std::optional<std::string> shortcut_command(Bytes file) {
  if (file.size() < header_size || base::wire::as_text(file.first(begin.size())) != begin) {
    return std::nullopt;
  }
  Reader head(file.subspan(flags_at));
  const std::uint32_t flags = head.u32();
  Reader in(file.subspan(header_size));
  std::string item;
  std::string path;
  if ((flags & has_id_list) != 0) item = last_item(in.take(in.u16()));
  if ((flags & has_link_info) != 0) {
    Reader size(in.rest());
    path = path_of(in.take(size.u32()));
  }
  take_text(in, flags, has_name);
  const std::string relative = take_text(in, flags, has_relative_path);
  take_text(in, flags, has_working_dir);
  const std::string arguments = take_text(in, flags, has_arguments);
  take_text(in, flags, has_icon);
  std::string target = variable_target(in.rest());
  for (const std::string& other : {path, relative, item}) {
    if (target.empty()) target = other;
  }
  if (target.empty()) target = "an unknown target";
  if (!arguments.empty()) target += ' ' + arguments;
  return target.substr(0, max_shortcut_text);
}

}  // namespace scannerqube
