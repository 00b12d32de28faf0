// SPDX-License-Identifier: GPL-2.0-or-later
// Some of the interfaces of a USB device: what `interfaces=` says of an attachment, in policy, at
// the command line and to both ends of the stream.
//
// Pure. Items joined by commas, at most 16 of them in at most 120 characters:
//
//   0, 2           bInterfaceNumber, 0 to 15
//   u08****        an interface code, '*' for any digit (base/device/category.hpp)
//   USB_Storage    the category that an interface is best described by
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire/result.hpp"

namespace base::device {

class InterfaceChoice {
 public:
  static constexpr std::size_t max_items = 16;
  static constexpr std::size_t max_text = 120;
  static constexpr std::uint8_t max_number = 15;

  InterfaceChoice() = default;  // every interface
  static Result<InterfaceChoice> parse(std::string_view text);

  bool is_every() const { return items_.empty(); }
  // `code`: "u080650", in lower case.
  bool has(std::uint8_t number, std::string_view code) const;
  // Whether an item of `wider` stands for each of these: the same one, or a pattern with more '*'.
  bool within(const InterfaceChoice& wider) const;
  // As it was written, with the categories' own spelling; empty: every interface.
  std::string text() const;

 private:
  std::vector<std::string> items_;
};

// "u080650"
std::string usb_interface_code(std::uint8_t code, std::uint8_t subclass, std::uint8_t protocol);

}  // namespace base::device
