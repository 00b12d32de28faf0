// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzzes USBGuard's rule language. What parses must answer, whatever the device.
#include <cstdint>
#include <cstdlib>

#include "base/wire/reader.hpp"
#include "policy/usbguard_rules.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto untrusted = base::wire::as_text(std::as_bytes(std::span(data, size)));
  const auto rules = policy::UsbguardRules::parse(untrusted, "f");
  if (!rules) {
    if (!rules.error().text.starts_with("f:")) std::abort();
    return 0;
  }
  static_cast<void>(rules->allow({.port_id = "2-1", .interfaces = {"u080650"}, .serial = "s"}));
  static_cast<void>(rules->allow({}));
  if (rules->size() == 0 && rules->allow({})) std::abort();
  return 0;
}
