// SPDX-License-Identifier: GPL-2.0-or-later
// A stick, and what a policy that was made for USB devices decides about one.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "policy/evaluator.hpp"
#include "policy/ruleset.hpp"

namespace policy {

inline DeviceFacts plain_stick() {
  return {.backend = "sys-usb",
          .port_id = "2-1",
          .interfaces = {"u080650"},
          .vendor_id = 0x0951,
          .product_id = 0x1666,
          .serial = "60A44C",
          .name = "Data Traveler",
          .described = {"u080650"},
          .usbguard_hash = "aGFzaA=="};
}

// May work have this device of sys-usb?
inline Decision decide_by(const std::string& policy, const std::optional<DeviceFacts>& device) {
  SystemInfo system;
  system.add({.name = "work", .type = "AppVM", .running = true});
  system.add({.name = "sys-usb", .type = "AppVM", .running = true});
  const auto rules = parse_policy({{"30-usbguard.policy", policy}});
  EXPECT_TRUE(rules.has_value()) << policy;
  if (!rules) return deny("no policy");
  return evaluate(*rules, system,
                  {.source = "work",
                   .target = "sys-usb",
                   .service = "qubes.USB",
                   .argument = "+" + (device ? device->port_id : "2-1"),
                   .device = device});
}

}  // namespace policy
