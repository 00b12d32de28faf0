// SPDX-License-Identifier: GPL-2.0-or-later
// Checks of the device's tables and identity.
#include "usbproxy/device_table.hpp"

#include <algorithm>
#include <charconv>

#include "base/wire/escape.hpp"

namespace usbproxy {
namespace {

std::optional<unsigned> hex(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string hex_text(unsigned value, std::size_t digits) {
  std::string text(digits, '0');
  for (std::size_t i = digits; i > 0; --i, value >>= 4U)
    text[i - 1] = "0123456789abcdef"[value & 15U];
  return text;
}

std::string id_text(std::uint16_t vendor, std::uint16_t product) {
  return hex_text(vendor, 4) + ':' + hex_text(product, 4);
}

// "uCCSSPP" repeated without separators.
std::optional<std::vector<InterfaceClass>> parse_interfaces(std::string_view text) {
  constexpr std::size_t size = 7;
  if (text.size() % size != 0 || text.size() > size * redir::max_interfaces) return std::nullopt;
  std::vector<InterfaceClass> result;
  for (; !text.empty(); text.remove_prefix(size)) {
    const auto code = hex(text.substr(1, 6));
    if (text.front() != 'u' || !code) return std::nullopt;
    result.push_back({.code = static_cast<std::uint8_t>(*code >> 16U),
                      .subclass = static_cast<std::uint8_t>((*code >> 8U) & 0xffU),
                      .protocol = static_cast<std::uint8_t>(*code & 0xffU)});
  }
  return result;
}

bool known_type(std::uint8_t type) {
  return type <= redir::endpoint_type::interrupt || type == redir::endpoint_type::invalid;
}

}  // namespace

base::Result<Identity> Identity::parse(std::string_view text) {
  const auto wrong = [text] {
    return base::fail("device identity '" + base::wire::escape(text) +
                      "' is not VVVV:PPPP:SERIAL:uCCSSPP...");
  };
  if (text.size() < 11 || text[4] != ':' || text[9] != ':') return wrong();
  // A serial number may contain colons; the interfaces behind the last one may not.
  const std::size_t last = text.rfind(':');
  if (last <= 9) return wrong();
  const auto vendor = hex(text.substr(0, 4));
  const auto product = hex(text.substr(5, 4));
  auto interfaces = parse_interfaces(text.substr(last + 1));
  if (!vendor || !product || !interfaces) return wrong();
  return Identity{.vendor_id = static_cast<std::uint16_t>(*vendor),
                  .product_id = static_cast<std::uint16_t>(*product),
                  .serial = std::string(text.substr(10, last - 10)),
                  .interfaces = std::move(*interfaces)};
}

base::Status DeviceTable::set_interfaces(const redir::InterfaceInfo& untrusted) {
  if (untrusted.count > max_interfaces) {
    return base::fail("device has " + std::to_string(untrusted.count) +
                      " interfaces, more than the 16 that are supported");
  }
  std::vector<Interface> interfaces;
  for (std::size_t i = 0; i < untrusted.count; ++i) {
    const Interface one{.number = untrusted.number[i],
                        .kind = {.code = untrusted.interface_class[i],
                                 .subclass = untrusted.interface_subclass[i],
                                 .protocol = untrusted.interface_protocol[i]}};
    const bool twice = std::any_of(interfaces.begin(), interfaces.end(),
                                   [&one](const Interface& i2) { return i2.number == one.number; });
    if (twice) return base::fail("device names one interface number twice");
    if (expected_ && !expected_->interfaces.empty() &&
        std::find(expected_->interfaces.begin(), expected_->interfaces.end(), one.kind) ==
            expected_->interfaces.end()) {
      const unsigned kind = static_cast<unsigned>(one.kind.code) << 16U |
                            static_cast<unsigned>(one.kind.subclass) << 8U | one.kind.protocol;
      return base::fail("device has an interface u" + hex_text(kind, 6) +
                        " that the approved identity does not have");
    }
    interfaces.push_back(one);
  }
  interfaces_ = std::move(interfaces);
  have_interfaces_ = true;
  return base::Ok{};
}

base::Status DeviceTable::set_endpoints(const redir::EpInfo& untrusted) {
  std::array<Endpoint, redir::endpoint_slots> endpoints{};
  for (std::size_t slot = 0; slot < endpoints.size(); ++slot) {
    const std::uint8_t type = untrusted.type[slot];
    if (!known_type(type)) return base::fail("device has an endpoint of an unknown type");
    const bool usable = type != redir::endpoint_type::invalid && slot % 16 != 0;
    // Without a packet size it cannot move data; and a size is a divisor here.
    if (!usable || untrusted.max_packet_size[slot] == 0) continue;
    endpoints[slot] = {.type = type,
                       .interface_number = untrusted.interface_number[slot],
                       .interval = untrusted.interval[slot],
                       .max_packet_size = untrusted.max_packet_size[slot]};
  }
  endpoints_ = endpoints;
  have_endpoints_ = true;
  return base::Ok{};
}

base::Status DeviceTable::connect(const redir::DeviceConnect& untrusted) {
  if (expected_ && (expected_->vendor_id != untrusted.vendor_id ||
                    expected_->product_id != untrusted.product_id)) {
    return base::fail("device is " + id_text(untrusted.vendor_id, untrusted.product_id) + ", but " +
                      id_text(expected_->vendor_id, expected_->product_id) + " was approved");
  }
  introduction_ = untrusted;
  if (untrusted.speed <= static_cast<std::uint8_t>(Speed::super)) {
    speed_ = Speed{untrusted.speed};
    return base::Ok{};
  }
  // libusbredirhost calls 10 and 20 Gbit/s "unknown"; only SuperSpeed bulk endpoints have 1024
  // bytes (USB 3.2, 9.6.6).
  const bool super = std::any_of(endpoints_.begin(), endpoints_.end(), [](const Endpoint& one) {
    return one.type == redir::endpoint_type::bulk && one.max_packet_size == 1024;
  });
  if (untrusted.speed != 255 || !super) {
    return base::fail("device's speed (" + std::to_string(untrusted.speed) +
                      ") is not known; plug it into another port");
  }
  speed_ = Speed::super;
  return base::Ok{};
}

std::optional<InterfaceClass> DeviceTable::interface_class(std::uint8_t number) const {
  for (const Interface& one : interfaces_) {
    if (one.number == number) return one.kind;
  }
  return std::nullopt;
}

}  // namespace usbproxy
