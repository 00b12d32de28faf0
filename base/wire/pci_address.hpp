// SPDX-License-Identifier: GPL-2.0-or-later
// The address of a PCI device as Linux writes it, in lower case: "0000:00:14.0".
#pragma once

#include <cstddef>
#include <string_view>

namespace base::wire {

inline constexpr std::size_t pci_address_size = 12;

constexpr bool is_pci_address(std::string_view text) {
  constexpr std::string_view shape = "xxxx:xx:xx.o";
  static_assert(shape.size() == pci_address_size);
  if (text.size() != shape.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const char c = text[i];
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    const bool right = shape[i] == 'x'   ? hex
                       : shape[i] == 'o' ? c >= '0' && c <= '7'
                                         : c == shape[i];
    if (!right) return false;
  }
  return true;
}

}  // namespace base::wire
