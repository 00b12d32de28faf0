// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/doctor_facts.hpp"

#include <algorithm>

namespace cli::doctor {
const Owner* owner_of(const std::vector<Owner>& owners, const InputDevice& device) {
  for (const Owner& each : owners) {
    const auto& all = each.controllers;
    if (std::ranges::find(all, device.controller) != all.end()) return &each;
  }
  return nullptr;
}

const InputDevice* first_kept(const std::vector<InputDevice>& devices,
                              const std::vector<Owner>& owners) {
  const auto kept = std::ranges::find_if(
      devices, [&owners](const auto& each) { return owner_of(owners, each) == nullptr; });
  return kept == devices.end() ? nullptr : &*kept;
}

}  // namespace cli::doctor
