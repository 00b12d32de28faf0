// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzzes USBGuard's rule language. What parses must answer, whatever the device; and policy made of
// it must be policy, and let in exactly what the rules let in.
#include <cstdint>
#include <cstdlib>

#include "base/wire/reader.hpp"
#include "policy/evaluator.hpp"
#include "policy/ruleset.hpp"
#include "policy/usb_policy.hpp"
#include "policy/usbguard_import.hpp"
#include "policy/usbguard_parser.hpp"
#include "policy/usbguard_rules.hpp"
#include "policy/usbguard_text.hpp"

namespace {

using policy::DeviceFacts;

std::vector<DeviceFacts> some_devices() {
  return {{.backend = "sys-usb",
           .port_id = "2-1",
           .vendor_id = 0x0951,
           .product_id = 0x1666,
           .serial = "s",
           .name = "n",
           .described = {"u080650", "u080662"},
           .usbguard_hash = "h"},
          {.backend = "sys-usb", .port_id = "2-1", .serial = "\"\\,# "}};
}

bool lets_in(const policy::Ruleset& rules, const DeviceFacts& device) {
  policy::SystemInfo system;
  system.add({.name = "work", .type = "AppVM", .running = true});
  system.add({.name = "sys-usb", .type = "AppVM", .running = true});
  return policy::evaluate(rules, system,
                          {.source = "work",
                           .target = "sys-usb",
                           .service = "qubes.USB",
                           .argument = "+2-1",
                           .device = device})
             .kind == policy::Decision::Kind::allow;
}

// What the text lets in as policy; nothing if it was refused.
void check_import(std::string_view untrusted, const policy::UsbguardRules* rules,
                  policy::UsbguardImport::Inexact inexact) {
  const auto made = policy::import_usbguard(untrusted, "f",
                                            {.target = "work",
                                             .backend = "sys-usb",
                                             .ports = {{"2-1", "2-1"}, {"1-1", "1-1"}},
                                             .inexact = inexact});
  if (!made) return;
  const auto policy = policy::parse_policy({{"p", made->policy}});
  if (!policy) std::abort();
  for (const DeviceFacts& device : some_devices()) {
    if (rules != nullptr && lets_in(*policy, device) && !rules->allow(device)) std::abort();
    const bool exact = rules != nullptr && made->remarks.empty();
    if (exact && rules->allow(device) != lets_in(*policy, device)) std::abort();
  }
}

void check_word(std::string_view untrusted) {
  const auto rule = policy::parse_usbguard_word(untrusted);
  if (!rule) return;
  const std::string word = policy::usbguard_word(*rule);
  const auto again = policy::parse_usbguard_word(word);
  // Four times as long at most, and so perhaps too long; else it says the same.
  if (again && policy::usbguard_word(*again) != word) std::abort();
  if (!again && word.size() <= policy::max_usbguard_line) std::abort();
}

void check_generated(std::string_view untrusted) {
  DeviceFacts device = some_devices().front();
  device.name = device.serial = untrusted.substr(0, policy::max_device_text - 1);
  const auto made = policy::generate_usb_policy({device}, {.target = "work"});
  if (!made) std::abort();
  const auto policy = policy::parse_policy({{"p", *made}});
  if (!policy || !lets_in(*policy, device)) std::abort();
  device.serial += '.';
  if (lets_in(*policy, device)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto untrusted = base::wire::as_text(std::as_bytes(std::span(data, size)));
  check_word(untrusted);
  check_generated(untrusted);
  const auto rules = policy::UsbguardRules::parse(untrusted, "f");
  if (!rules && !rules.error().text.starts_with("f:")) std::abort();
  if (rules && rules->size() == 0 && rules->allow({})) std::abort();
  using Inexact = policy::UsbguardImport::Inexact;
  for (const Inexact inexact : {Inexact::refuse, Inexact::ask}) {
    check_import(untrusted, rules ? &*rules : nullptr, inexact);
  }
  return 0;
}
