// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys-usb/described_interfaces.hpp"

namespace sysusb {
namespace {

// USB 2.0, 9.4 (types) and 9.6 (layouts).
constexpr std::uint8_t device_type = 1;
constexpr std::uint8_t configuration_type = 2;
constexpr std::uint8_t interface_type = 4;
constexpr std::size_t device_size = 18;
constexpr std::size_t configuration_size = 9;
constexpr std::size_t interface_size = 9;
constexpr std::size_t header_size = 2;

// The descriptors of one configuration behind its own.
bool take_configuration(base::wire::Bytes bytes, std::vector<Interface>& found) {
  while (!bytes.empty()) {
    base::wire::Reader in(bytes);
    const std::size_t length = in.u8();
    const std::uint8_t type = in.u8();
    // A length of 0 or 1 would not get on.
    if (!in.ok() || length < header_size || length > bytes.size()) return false;
    if (type == device_type || type == configuration_type) return false;
    if (type == interface_type) {
      if (length < interface_size || found.size() >= max_described) return false;
      in.take(3);  // number, alternate setting, endpoints
      Interface each;
      each.interface_class = in.u8();
      each.subclass = in.u8();
      each.protocol = in.u8();
      found.push_back(each);
    }
    bytes = bytes.subspan(length);
  }
  return true;
}

}  // namespace

std::optional<std::vector<Interface>> described_interfaces(base::wire::Bytes untrusted) {
  if (untrusted.size() < device_size || untrusted[0] != std::byte{device_size} ||
      untrusted[1] != std::byte{device_type}) {
    return std::nullopt;
  }
  auto rest = untrusted.subspan(device_size);
  std::vector<Interface> found;
  while (!rest.empty()) {
    base::wire::Reader in(rest);
    const std::size_t length = in.u8();
    const std::uint8_t type = in.u8();
    const std::size_t total = in.u16();
    if (!in.ok() || type != configuration_type || length < configuration_size || total < length ||
        total > rest.size() || !take_configuration(rest.subspan(length, total - length), found)) {
      return std::nullopt;
    }
    rest = rest.subspan(total);
  }
  return found;
}

}  // namespace sysusb
