// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/firewall/key_reports.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>

namespace usbproxy::firewall {
namespace {

constexpr std::uint8_t rolled_over = 0x01;  // the keyboard cannot tell; the kernel leaves all as is
constexpr std::uint8_t first_key = 0x04;    // below it are states of the keyboard

// hid_field_extract() takes no more of a value.
constexpr std::uint32_t max_value_bits = 32;

bool bit_at(base::wire::Bytes report, std::uint64_t at) {
  const std::uint64_t byte = at / 8;
  return byte < report.size() && (std::to_integer<unsigned>(report[byte]) >> (at % 8) & 1U) != 0;
}

std::int64_t value_at(base::wire::Bytes report, std::uint64_t at, std::uint32_t bits,
                      bool negative) {
  bits = std::min(bits, max_value_bits);
  std::int64_t value = 0;
  for (std::uint32_t i = 0; i < bits; ++i) {
    if (bit_at(report, at + i)) value |= std::int64_t{1} << i;
  }
  if (negative && bits > 0 && bit_at(report, at + bits - 1)) value -= std::int64_t{1} << bits;
  return value;
}

// Nothing: the field says that it does not know.
std::optional<Keys> keys_of(const KeyField& field, base::wire::Bytes report) {
  const std::uint64_t bits = std::uint64_t{report.size()} * 8;
  Keys down;
  for (std::uint32_t i = 0; i < field.count; ++i) {
    const std::uint64_t at = field.offset + std::uint64_t{i} * field.size;
    const std::int64_t value = value_at(report, at, field.size, field.least < 0);
    if (field.kind == KeyField::Kind::variable) {
      if (value != 0) down.set(field.key_at(i));
    } else if (value >= field.least && value <= field.most) {
      const std::uint8_t key = field.key_at(value - field.least);
      if (key == rolled_over) return std::nullopt;
      down.set(key);
    }
    if (at >= bits) break;  // zeros from here on: one stands for all
  }
  for (std::size_t i = 0; i < first_key; ++i) down.reset(i);
  return down;
}

// `keys_at`: the first key's bit.
KeyReports eight_modifiers_six_keys(std::uint32_t keys_at) {
  KeyField modifiers{.kind = KeyField::Kind::variable, .size = 1, .count = 8, .places = 8};
  modifiers.usages = {{.place = 0, .page = page_of_keys, .first = 0xe0}};
  KeyField keys{.kind = KeyField::Kind::array, .offset = keys_at, .size = 8, .count = 6};
  keys.most = 0xff;
  keys.places = 0x100;
  keys.usages = {{.place = 0, .page = page_of_keys, .first = 0}};
  return {{modifiers, keys}, KeyReports::Numbered::no};
}

}  // namespace

std::uint8_t KeyField::key_at(std::int64_t place) const {
  place = std::min<std::int64_t>(place, std::int64_t{places} - 1);
  const auto behind = std::upper_bound(
      usages.begin(), usages.end(), place,
      [](std::int64_t wanted, const Usages& one) { return wanted < std::int64_t{one.place}; });
  if (behind == usages.begin()) return 0;  // an empty list
  const Usages& part = *std::prev(behind);
  const std::int64_t usage = part.first + (place - part.place);
  return part.page == page_of_keys && usage <= 0xff ? static_cast<std::uint8_t>(usage) : 0;
}

KeyReports::KeyReports(std::vector<KeyField> fields, Numbered numbered) : numbered_(numbered) {
  for (KeyField& field : fields)
    fields_.push_back({.field = std::move(field), .down = {}, .now = {}});
}

KeyReports KeyReports::boot() { return eight_modifiers_six_keys(16); }

KeyReports KeyReports::behind_receiver() { return eight_modifiers_six_keys(8); }

void KeyReports::read(base::wire::Bytes untrusted, std::vector<Change>& changes) {
  changes.clear();
  if (untrusted.empty()) return;
  std::uint8_t id = 0;
  if (numbered_ == Numbered::yes) {
    id = std::to_integer<std::uint8_t>(untrusted.front());
    untrusted = untrusted.subspan(1);
  }
  const auto add = [&changes](const Keys& keys, bool down) {
    for (std::size_t key = first_key; keys.any() && key < keys.size(); ++key) {
      if (keys[key]) changes.push_back({.key = static_cast<std::uint8_t>(key), .down = down});
    }
  };
  for (Field& one : fields_) {
    if (one.field.report_id != id) continue;
    one.now = keys_of(one.field, untrusted).value_or(one.down);
    add(one.down & ~one.now, false);
  }
  for (Field& one : fields_) {
    if (one.field.report_id != id) continue;
    add(one.now & ~one.down, true);
    one.down = one.now;
  }
}

}  // namespace usbproxy::firewall
