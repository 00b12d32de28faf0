// SPDX-License-Identifier: GPL-2.0-or-later
// Which keys are down, by the input reports of a HID interface, as the target's kernel reads them.
#pragma once

#include <bitset>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/wire/reader.hpp"

namespace usbproxy::firewall {

// A field of an input report that has usages of the page of keys (HID 1.11, 6.2.2.5; Usage Tables
// 1.12, 10). Every bound is that of check_report().
struct KeyField {
  enum class Kind : std::uint8_t { variable, array };
  // A part of the list that values are looked up in: usages from `first` on, the place of the first
  // one in the list. Those of other pages have places, too. A part ends where the next one begins.
  struct Usages {
    std::uint32_t place = 0, page = 0, first = 0;
  };

  std::uint8_t report_id = 0;  // 0: reports are not numbered
  Kind kind = Kind::variable;
  std::uint32_t offset = 0;  // in bits, behind the report's number
  std::uint32_t size = 0;    // of one value, in bits
  std::uint32_t count = 0;   // of values
  std::int64_t least = 0, most = 0;
  std::vector<Usages> usages = {};  // by place
  std::uint32_t places = 0;         // of the whole list

  // The key's usage id at a place of the list, of which the last one stands for all places behind
  // it (drivers/hid/hid-core.c, hid_register_field). 0: no key.
  std::uint8_t key_at(std::int64_t place) const;
};

inline constexpr std::uint32_t page_of_keys = 0x07;

// Usage ids of the page of keys; what has none above 255 makes no key in the kernel.
using Keys = std::bitset<256>;

// The state of one interface. A report that is cut short counts as filled up with zeros, as in
// hid_report_raw_event(); one of a number that has no keys changes nothing.
class KeyReports {
 public:
  struct Change {
    std::uint8_t key = 0;  // usage id
    bool down = false;
  };

  // Whether any input report of the interface has a number: then all begin with one.
  enum class Numbered : std::uint8_t { no, yes };
  KeyReports(std::vector<KeyField> fields, Numbered numbered);
  // The report of HID 1.11, B.1, which an interface in boot protocol sends.
  static KeyReports boot();
  // Behind the three bytes that a Logitech receiver writes before a keyboard's keys.
  static KeyReports behind_receiver();

  bool has_keys() const { return !fields_.empty(); }
  // Fills `changes`, keys that were let go first.
  void read(base::wire::Bytes untrusted, std::vector<Change>& changes);

 private:
  struct Field {
    KeyField field;
    Keys down, now;
  };
  std::vector<Field> fields_;
  Numbered numbered_;
};

}  // namespace usbproxy::firewall
