// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/firewall/hid_report.hpp"

#include <array>
#include <bit>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "usbproxy/firewall/descriptor.hpp"

namespace usbproxy::firewall {
namespace {

constexpr std::uint32_t page_desktop = 0x01;
constexpr std::uint32_t usage_keyboard = 0x06, usage_keypad = 0x07;
constexpr std::uint8_t input_tag = 0x8;

enum class ItemKind : std::uint8_t { main = 0, global = 1, local = 2, reserved = 3 };

struct Item {
  std::size_t offset = 0;
  ItemKind kind = ItemKind::reserved;
  std::uint8_t tag = 0;
  std::size_t size = 0;
  std::uint32_t value = 0;

  std::int32_t signed_value() const {
    if (size == 1) return std::bit_cast<std::int8_t>(static_cast<std::uint8_t>(value));
    if (size == 2) return std::bit_cast<std::int16_t>(static_cast<std::uint16_t>(value));
    return std::bit_cast<std::int32_t>(value);
  }
};

class ReportChecker {
 public:
  explicit ReportChecker(std::uint8_t interface_number)
      : block_("HID report descriptor of interface " + std::to_string(interface_number)) {}

  Checked<ReportFacts> run(base::wire::Bytes untrusted);

 private:
  using Rule = std::optional<std::string>;

  struct Global {
    std::uint32_t page = 0, report_size = 0, report_count = 0;
    std::uint8_t report_id = 0;
    std::int64_t logical_least = 0, logical_most = 0;
  };
  struct Report {
    std::uint64_t bits = 0;
    std::size_t fields = 0;
  };
  struct ListedUsages {
    KeyField::Usages usages;
    bool own_page = false;
  };

  Rule take(const Item& item);
  Rule take_main(const Item& item);
  Rule take_field(const Item& item);
  void note_keys(const Item& item, std::uint64_t offset);
  Rule take_global(const Item& item);
  Rule take_push_or_pop(const Item& item);
  Rule take_local(const Item& item);
  void note_usage(std::uint32_t page, std::uint32_t usage);
  void list_usages(const Item& item, std::uint32_t first, std::uint32_t count);
  void end_locals();

  Block block_;
  Global global_;
  std::vector<Global> pushed_;
  std::size_t depth_ = 0;
  bool delimited_ = false;
  std::uint32_t usages_ = 0;
  std::uint32_t usage_least_ = 0;
  std::optional<std::uint32_t> usage_least_page_;
  std::size_t delimiters_ = 0;  // opened since the last main item
  std::vector<ListedUsages> listed_;
  std::map<std::pair<std::uint8_t, std::uint8_t>, Report> reports_;  // by main tag and report id
  ReportFacts facts_;
};

Checked<ReportFacts> ReportChecker::run(base::wire::Bytes untrusted) {
  base::wire::Reader in(untrusted);
  const std::size_t whole = untrusted.size();
  while (!in.done()) {  // each round takes a byte at least
    Item item{.offset = whole - in.rest().size()};
    const std::uint8_t prefix = in.u8();
    constexpr std::array<std::size_t, 4> sizes{0, 1, 2, 4};
    item.kind = ItemKind{static_cast<std::uint8_t>((prefix >> 2U) & 3U)};
    item.tag = static_cast<std::uint8_t>(prefix >> 4U);
    item.size = sizes[prefix & 3U];
    const base::wire::Bytes data = in.take(item.size);
    if (!in.ok()) {
      return block_.broken(item.offset, "", "the item is cut short (HID 1.11, 6.2.2.2)");
    }
    for (std::size_t i = 0; i < data.size(); ++i) {
      item.value |= std::to_integer<std::uint32_t>(data[i]) << (8 * i);
    }
    if (auto rule = take(item)) return block_.broken(item.offset, "", std::move(*rule));
  }
  if (depth_ != 0) {
    return block_.broken(whole, "", "a collection is not closed (HID 1.11, 6.2.2.6)");
  }
  if (delimited_) return block_.broken(whole, "", "a delimiter is not closed");
  return facts_;
}

ReportChecker::Rule ReportChecker::take(const Item& item) {
  switch (item.kind) {
    case ItemKind::main: {
      auto rule = take_main(item);
      end_locals();
      return rule;
    }
    case ItemKind::global:
      return take_global(item);
    case ItemKind::local:
      return take_local(item);
    case ItemKind::reserved:
      return "a long or reserved item (HID 1.11, 6.2.2.3)";
  }
  return std::nullopt;
}

ReportChecker::Rule ReportChecker::take_main(const Item& item) {
  constexpr std::uint8_t output = 0x9, feature = 0xb, collection = 0xa, end = 0xc;
  if (delimited_) return "a main item within a delimiter";
  switch (item.tag) {
    case input_tag:
    case output:
    case feature:
      if (item.tag == input_tag && global_.page == page_of_keys) facts_.types_keys = true;
      return take_field(item);
    case collection:
      if (++depth_ > max_collection_depth) {
        return "more than " + std::to_string(max_collection_depth) + " collections in each other";
      }
      return std::nullopt;
    case end:
      if (depth_ == 0) return "a collection is closed that was not opened (HID 1.11, 6.2.2.6)";
      --depth_;
      return std::nullopt;
    default:
      return "reserved main item " + hex_byte(item.tag);
  }
}

ReportChecker::Rule ReportChecker::take_field(const Item& item) {
  Report& report = reports_[{item.tag, global_.report_id}];
  const std::uint64_t offset = report.bits;
  report.bits += std::uint64_t{global_.report_size} * global_.report_count;
  if (report.bits > max_report_bits) {
    return "report " + std::to_string(global_.report_id) + " is longer than the kernel's " +
           std::to_string(max_report_bits / 8) + " bytes";
  }
  if (++report.fields > max_report_fields) {
    return "report " + std::to_string(global_.report_id) + " has more than " +
           std::to_string(max_report_fields) + " fields";
  }
  constexpr std::uint32_t constant = 1;
  if ((item.value & constant) == 0 && global_.logical_most < global_.logical_least) {
    return "the logical range ends before it begins (HID 1.11, 6.2.2.7)";
  }
  if (item.tag == input_tag) note_keys(item, offset);
  return std::nullopt;
}

void ReportChecker::note_keys(const Item& item, std::uint64_t offset) {
  constexpr std::uint32_t variable = 2;
  if (global_.report_id != 0) facts_.numbered = KeyReports::Numbered::yes;
  KeyField field{
      .report_id = global_.report_id,
      .kind = (item.value & variable) != 0 ? KeyField::Kind::variable : KeyField::Kind::array,
      .offset = static_cast<std::uint32_t>(offset),  // at most max_report_bits
      .size = global_.report_size,
      .count = global_.report_count,
      .least = global_.logical_least,
      .most = global_.logical_most,
      .places = usages_};
  // hid_concatenate_last_usage_page(): from the last one back to one that is of this page already.
  for (auto one = listed_.rbegin(); one != listed_.rend(); ++one) {
    if (one->own_page) continue;
    if (one->usages.page == global_.page) break;
    one->usages.page = global_.page;
  }
  bool has_keys = false;
  for (const ListedUsages& one : listed_) {
    has_keys = has_keys || one.usages.page == page_of_keys;
    field.usages.push_back(one.usages);
  }
  if (has_keys) facts_.key_fields.push_back(std::move(field));
}

ReportChecker::Rule ReportChecker::take_global(const Item& item) {
  switch (item.tag) {
    case 0x0:
      if (item.value > 0xffff) return "a usage page beyond 16 bits";
      global_.page = item.value;
      return std::nullopt;
    case 0x1:
      global_.logical_least = item.signed_value();
      return std::nullopt;
    case 0x2:  // unsigned unless the range begins below zero, as the kernel reads it
      global_.logical_most =
          global_.logical_least < 0 ? std::int64_t{item.signed_value()} : std::int64_t{item.value};
      return std::nullopt;
    case 0x3:
    case 0x4:
    case 0x5:
    case 0x6:
      return std::nullopt;  // physical range and unit
    case 0x7:
      if (item.value > max_report_field_bits) {
        return "fields of " + std::to_string(item.value) + " bits exceed " +
               std::to_string(max_report_field_bits);
      }
      global_.report_size = item.value;
      return std::nullopt;
    case 0x8:
      if (item.value == 0 || item.value > 255) {
        return "report id " + std::to_string(item.value) + " is not 1 to 255 (HID 1.11, 6.2.2.7)";
      }
      global_.report_id = static_cast<std::uint8_t>(item.value);
      return std::nullopt;
    case 0x9:
      if (item.value > max_report_count) {
        return std::to_string(item.value) + " fields exceed " + std::to_string(max_report_count);
      }
      global_.report_count = item.value;
      return std::nullopt;
    default:
      return take_push_or_pop(item);
  }
}

ReportChecker::Rule ReportChecker::take_push_or_pop(const Item& item) {
  constexpr std::uint8_t push = 0xa, pop = 0xb;
  if (item.tag == push) {
    if (pushed_.size() >= max_global_depth) return "more than 4 pushes in each other";
    pushed_.push_back(global_);
    return std::nullopt;
  }
  if (item.tag != pop) return "reserved global item " + hex_byte(item.tag);
  if (pushed_.empty()) return "a pop without a push";
  global_ = pushed_.back();
  pushed_.pop_back();
  return std::nullopt;
}

ReportChecker::Rule ReportChecker::take_local(const Item& item) {
  constexpr std::uint8_t usage = 0x0, least = 0x1, most = 0x2, delimiter = 0xa;
  const std::uint32_t page = item.size == 4 ? item.value >> 16U : global_.page;
  const std::uint32_t id = item.value & 0xffffU;
  switch (item.tag) {
    case usage:
      note_usage(page, id);
      list_usages(item, id, 1);
      break;
    case least:
      usage_least_ = id;
      usage_least_page_ = page;
      note_usage(page, id);
      break;
    case most:
      if (id < usage_least_) return "a range of usages that ends before it begins";
      if (page != usage_least_page_.value_or(page)) return "a range of usages over two pages";
      list_usages(item, usage_least_, id - usage_least_ + 1);
      break;
    case delimiter:
      if (item.value > 1 || (item.value == 1) == delimited_) return "a delimiter within another";
      delimited_ = item.value == 1;
      if (delimited_) ++delimiters_;
      break;
    case 0x3:
    case 0x4:
    case 0x5:
    case 0x7:
    case 0x8:
    case 0x9:
      break;  // designators and strings
    default:
      return "reserved local item " + hex_byte(item.tag);
  }
  if (usages_ > max_usages) return "more than " + std::to_string(max_usages) + " usages";
  return std::nullopt;
}

void ReportChecker::note_usage(std::uint32_t page, std::uint32_t usage) {
  const bool keyboard = page == page_desktop && (usage == usage_keyboard || usage == usage_keypad);
  if (keyboard || page == page_of_keys) facts_.types_keys = true;
}

void ReportChecker::list_usages(const Item& item, std::uint32_t first, std::uint32_t count) {
  // hid_parser_local(): alternatives behind the first set have no place.
  if (delimiters_ > 1) return;
  const bool own_page = item.size == 4;
  const std::uint32_t page = own_page ? item.value >> 16U : global_.page;
  listed_.push_back(
      {.usages = {.place = usages_, .page = page, .first = first}, .own_page = own_page});
  usages_ += count;
}

void ReportChecker::end_locals() {
  usages_ = 0;
  listed_.clear();
  usage_least_ = 0;
  usage_least_page_.reset();
  delimiters_ = 0;
}

}  // namespace

Checked<ReportFacts> check_report(base::wire::Bytes untrusted, std::uint8_t interface_number) {
  return ReportChecker(interface_number).run(untrusted);
}

}  // namespace usbproxy::firewall
