// SPDX-License-Identifier: GPL-2.0-or-later
// Which keys an input device has, from sysfs's capabilities/key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace base::device {

class KeyBitmap {
 public:
  // Words of 64 bits in hexadecimal, the highest first. What is none of that has no keys.
  explicit KeyBitmap(std::string_view text);

  bool has(std::size_t key) const;
  // Most letters and digits: something that a passphrase can be typed on.
  bool is_keyboard() const;
  // A left button, or a surface to touch.
  bool is_pointer() const;

 private:
  std::size_t count(std::size_t first, std::size_t last) const;

  std::vector<std::uint64_t> words_;  // the lowest first
};

}  // namespace base::device
