// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/doctor_facts.hpp"

#include <algorithm>

#include "base/wire/escape.hpp"

namespace cli::doctor {
namespace {

constexpr std::size_t max_name = 40;

}  // namespace

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

std::string describe(const InputDevice& device) {
  std::string text = device.event;
  if (!device.name.empty()) text += " '" + base::wire::escape(device.name, max_name) + "'";
  if (device.port.empty()) return text + ", not on USB";
  return text + " at " + (device.controller.empty() ? "USB " : device.controller + ", port ") +
         device.port;
}

}  // namespace cli::doctor
