// SPDX-License-Identifier: GPL-2.0-or-later
// Descriptors under the most generous configuration: what passes as a keyboard has no interface of
// another class, also to a reader that believes every length.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "sys-usb/early/keyboard_rule.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sysusb::early;
  static const EarlyConfig config{.which = Ports::any, .extra_hid = ExtraHid::permitted};
  static const Place place{.controller = "0000:00:14.0", .path = "2"};
  const std::span<const std::uint8_t> bytes(data, size);
  const auto described = parse_descriptors(std::as_bytes(bytes));
  const Verdict verdict = judge(config, place, described, 0);
  if (!described) describe(described.error());
  if (verdict.why.empty() || (!described && verdict.role != Role::refused)) std::abort();
  if (verdict.role == Role::refused) return 0;

  const std::uint8_t wanted = verdict.role == Role::hub ? hub_class : hid_class;
  std::size_t keyboards = 0;
  for (std::size_t at = 0; at + 1 < size; at += bytes[at]) {
    if (bytes[at] == 0) std::abort();
    if (bytes[at + 1] != 4) continue;
    if (at + 8 >= size || bytes[at + 5] != wanted) std::abort();
    if (bytes[at + 6] == 1 && bytes[at + 7] == 1) ++keyboards;
  }
  if (verdict.role == Role::keyboard && keyboards == 0) std::abort();
  return 0;
}
