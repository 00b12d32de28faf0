// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/firewall/descriptor.hpp"

namespace usbproxy::firewall {

Checked<Descriptor> Block::take(base::wire::Bytes& rest, base::wire::Bytes whole) const {
  const std::size_t offset = whole.size() - rest.size();
  if (rest.size() < 2) {
    return broken(offset, "", "one byte is left over, which is no descriptor (USB 2.0, 9.5)");
  }
  const auto length = std::to_integer<std::size_t>(rest.front());
  if (length < 2) {
    return broken(offset, "",
                  "bLength " + std::to_string(length) + " is less than its own header's 2 bytes");
  }
  if (length > rest.size()) {
    return broken(offset, "", "bLength " + std::to_string(length) + " goes beyond the end");
  }
  const Descriptor taken{.offset = offset, .bytes = rest.first(length)};
  rest = rest.subspan(length);
  return taken;
}

}  // namespace usbproxy::firewall
