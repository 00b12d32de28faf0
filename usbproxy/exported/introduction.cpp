// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/exported/introduction.hpp"

namespace usbproxy::exported {

std::optional<Setup> Introduction::question() const {
  if (const auto descriptor = reader_.question()) return descriptor;
  if (configured_) return std::nullopt;
  return Setup{.request_type = 0x00, .request = 0x09, .value = configuration()};
}

base::Status Introduction::answered(std::optional<base::wire::Bytes> untrusted) {
  if (reader_.question()) {
    if (const auto taken = reader_.answered(untrusted); !taken) {
      return base::fail("the device's descriptors break the rules: " + taken.error().text());
    }
    return base::Ok{};
  }
  if (!untrusted) return base::fail("the device does not take its first configuration");
  configured_ = true;
  return base::Ok{};
}

// A device descriptor without configurations was refused.
std::uint8_t Introduction::configuration() const { return device().configurations.front().value; }

}  // namespace usbproxy::exported
