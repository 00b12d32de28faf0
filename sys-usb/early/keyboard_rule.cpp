// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys-usb/early/keyboard_rule.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace sysusb::early {
namespace {

// HID 1.11, 4.2 and 4.3
constexpr std::uint8_t boot_subclass = 1;
constexpr std::uint8_t keyboard_protocol = 1;

Verdict refuse(std::string why) { return {.role = Role::refused, .why = std::move(why)}; }

std::string hex(unsigned value, int digits) {
  std::array<char, 12> text{};
  std::snprintf(text.data(), text.size(), "%0*x", digits, value);
  return text.data();
}

std::string name_of(const DescribedInterface& interface) {
  return "interface " + std::to_string(interface.number) + " (class " +
         hex(interface.interface_class, 2) + "/" + hex(interface.subclass, 2) + "/" +
         hex(interface.protocol, 2) + ")";
}

bool is_boot_keyboard(const DescribedInterface& interface) {
  return interface.interface_class == hid_class && interface.subclass == boot_subclass &&
         interface.protocol == keyboard_protocol;
}

// A listed port lies below the hub at this place.
bool on_the_way(const EarlyConfig& config, const Place& hub) {
  if (config.which == Ports::any) return true;
  return std::ranges::any_of(config.ports, [&hub](const Place& port) {
    return port.controller == hub.controller &&
           (hub.path.empty() || port.path.starts_with(hub.path + "."));
  });
}

Verdict judge_hub(const EarlyConfig& config, const Place& place, const DescribedDevice& device) {
  for (const DescribedInterface& each : device.interfaces) {
    if (each.interface_class != hub_class || each.number != 0) {
      return refuse("it says it is a hub, but has " + name_of(each));
    }
  }
  if (!on_the_way(config, place)) return refuse("a hub with no listed port below it");
  return {.role = Role::hub, .why = "a hub on the way to a listed port"};
}

// Why the device is not a keyboard and nothing else; empty: it is.
std::string objection(const EarlyConfig& config, const DescribedDevice& device) {
  // USB 2.0, 9.6.1: the interfaces say what it is. Else a driver for the whole device could bind.
  if (device.device_class != 0)
    return "its device class is " + hex(device.device_class, 2) + ", not 00";
  if (std::ranges::none_of(device.interfaces, is_boot_keyboard)) {
    const auto other = std::ranges::find_if(
        device.interfaces, [](const auto& each) { return each.interface_class != hid_class; });
    const auto& shown = other == device.interfaces.end() ? device.interfaces.front() : *other;
    return "it is no boot keyboard, but has " + name_of(shown);
  }
  for (const DescribedInterface& each : device.interfaces) {
    if (each.interface_class != hid_class) return "beside a keyboard it has " + name_of(each);
    if (each.alternate != 0) return name_of(each) + " has alternate settings";
    // HID 1.11, 4.4: one or two interrupt endpoints and one HID descriptor.
    if (each.other_endpoints != 0 || each.interrupt_endpoints == 0 ||
        each.interrupt_endpoints > 2) {
      return name_of(each) + " has endpoints that no HID device has";
    }
    if (each.hid_descriptors != 1) return name_of(each) + " has not one HID descriptor";
    if (!is_boot_keyboard(each) && config.extra_hid == ExtraHid::refused) {
      return "beside a keyboard it has " + name_of(each) +
             "; allow-extra-hid = yes would permit it";
    }
  }
  return {};
}

bool is_listed(const EarlyConfig& config, const Place& place) {
  return config.which == Ports::any || std::ranges::find(config.ports, place) != config.ports.end();
}

}  // namespace

Verdict judge(const EarlyConfig& config, const Place& place,
              const base::Result<DescribedDevice, DescriptorError>& described, unsigned keyboards) {
  if (place.controller.empty()) return refuse("its controller is no PCI device");
  if (!described) return refuse(describe(described.error()));
  if (described->device_class == hub_class) return judge_hub(config, place, *described);
  if (!is_listed(config, place)) return refuse("its port is not listed");
  if (auto why = objection(config, *described); !why.empty()) return refuse(std::move(why));
  const Model model{.vendor = described->vendor, .product = described->product};
  if (!config.models.empty() && std::ranges::find(config.models, model) == config.models.end()) {
    return refuse("a keyboard of a vendor and product that are not listed: " +
                  hex(model.vendor, 4) + ":" + hex(model.product, 4));
  }
  if (keyboards >= config.max_keyboards) {
    return refuse("a keyboard more than max-keyboards = " + std::to_string(config.max_keyboards));
  }
  return {.role = Role::keyboard,
          .why = "a keyboard, " + hex(model.vendor, 4) + ":" + hex(model.product, 4)};
}

}  // namespace sysusb::early
