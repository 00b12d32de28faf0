// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/device/host_input.hpp"

#include <algorithm>

#include "base/wire/escape.hpp"

namespace base::device {
namespace {

constexpr std::size_t max_name = 40;

}  // namespace

const HostInputDevice* last_keyboard_on(const std::vector<std::string>& controllers,
                                        const std::vector<HostInputDevice>& keyboards) {
  const auto goes = [&controllers](const HostInputDevice& keyboard) {
    return std::ranges::find(controllers, keyboard.controller) != controllers.end();
  };
  if (keyboards.empty() || !std::ranges::all_of(keyboards, goes)) return nullptr;
  return &keyboards.front();
}

std::string describe(const HostInputDevice& device) {
  std::string text = device.event;
  if (!device.name.empty()) text += " '" + wire::escape(device.name, max_name) + "'";
  if (device.port.empty()) return text + ", not on USB";
  return text + " at " + (device.controller.empty() ? "USB " : device.controller + ", port ") +
         device.port;
}

}  // namespace base::device
