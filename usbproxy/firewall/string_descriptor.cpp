// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/firewall/string_descriptor.hpp"

#include "base/wire/ascii.hpp"
#include "base/wire/writer.hpp"
#include "usbproxy/firewall/descriptor.hpp"

namespace usbproxy::firewall {
namespace {

constexpr char16_t replacement = 0xfffd;

bool is_high(char16_t unit) { return unit >= 0xd800 && unit <= 0xdbff; }
bool is_low(char16_t unit) { return unit >= 0xdc00 && unit <= 0xdfff; }

// Unicode 15: C0, C1, DEL, soft hyphen, marks of direction, zero widths, separators of lines and
// paragraphs, byte order marks, interlinear annotation, private use, non-characters.
bool harmful(char16_t unit) {
  return unit < 0x20 || (unit >= 0x7f && unit < 0xa0) || unit == 0xad || unit == 0x061c ||
         unit == 0x180e || (unit >= 0x200b && unit <= 0x200f) ||
         (unit >= 0x2028 && unit <= 0x202e) || (unit >= 0x2060 && unit <= 0x206f) ||
         (unit >= 0xe000 && unit <= 0xf8ff) || unit == 0xfeff || unit >= 0xfff0;
}

Checked<Descriptor> open_string(const Block& block, base::wire::Bytes untrusted) {
  const Descriptor in{.offset = 0, .bytes = untrusted};
  if (in.size() < 2 || in.u8(0) < 2 || in.u8(0) > in.size()) {
    return block.broken(0, "",
                        "bLength " + std::to_string(in.u8(0)) + " of " + std::to_string(in.size()) +
                            " bytes (USB 2.0, 9.6.7)");
  }
  if (in.type() != descriptor_type::string) {
    return block.broken(1, "", "bDescriptorType " + hex_byte(in.type()) + " is not 0x03");
  }
  // Bytes behind bLength are thrown away, as the kernel does.
  return Descriptor{.offset = 0, .bytes = untrusted.first(in.u8(0))};
}

}  // namespace

Checked<std::uint16_t> parse_languages(base::wire::Bytes untrusted) {
  const Block block("string 0");
  const auto in = open_string(block, untrusted);
  if (!in) return base::Unexpected{in.error()};
  if (in->size() < 4) return english;  // none is named: what the kernel does
  return in->u16(2);
}

Checked<std::u16string> parse_string(base::wire::Bytes untrusted, std::uint8_t index) {
  const Block block("string " + std::to_string(index));
  const auto in = open_string(block, untrusted);
  if (!in) return base::Unexpected{in.error()};
  if (in->size() % 2 != 0) {
    return block.broken(0, "",
                        "bLength " + std::to_string(in->size()) +
                            " is odd, but UTF-16 has units of 2 bytes (USB 2.0, 9.6.7)");
  }
  std::u16string text;
  for (std::size_t at = 2; at < in->size(); at += 2) {
    const char16_t unit = in->u16(at);
    if (unit == 0) break;
    const char16_t next = at + 2 < in->size() ? in->u16(at + 2) : u'\0';
    if (is_high(unit) && is_low(next) && unit < 0xdb40) {  // from U+E0000 on: tags, private use
      text += unit;
      text += next;
      at += 2;
      continue;
    }
    text += is_high(unit) || is_low(unit) || harmful(unit) ? replacement : unit;
  }
  return text;
}

std::vector<std::byte> language_descriptor(std::uint16_t language) {
  std::vector<std::byte> out;
  base::wire::Writer(out).u8(4).u8(descriptor_type::string).u16(language);
  return out;
}

std::vector<std::byte> string_descriptor(std::u16string_view text) {
  std::vector<std::byte> out;
  base::wire::Writer writer(out);
  const auto cut = text.substr(0, max_string_units);
  writer.u8(static_cast<std::uint8_t>(2 + 2 * cut.size())).u8(descriptor_type::string);
  for (const char16_t unit : cut) writer.u16(unit);
  return out;
}

std::string identity_text(std::u16string_view text) {
  std::string out;
  for (const char16_t unit : text) {
    if (is_low(unit)) continue;  // its other half has been written
    const bool plain = unit < 0x80 && base::wire::is_name_character(static_cast<char>(unit));
    out += plain ? static_cast<char>(unit) : '_';
  }
  return out;
}

}  // namespace usbproxy::firewall
