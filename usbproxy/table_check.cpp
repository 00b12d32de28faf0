// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/table_check.hpp"

#include <algorithm>

#include "usbproxy/described_tables.hpp"
#include "usbproxy/firewall/string_descriptor.hpp"
#include "usbproxy/firewall/violation.hpp"

namespace usbproxy {

using Difference = std::optional<std::string>;

Difference table_difference(const DeviceTable& table, const firewall::Device& device,
                            const firewall::Setting& setting) {
  const firewall::Configuration* active = device.configuration(setting.configuration);
  const std::size_t count = active == nullptr ? 0 : active->interfaces.size();
  if (table.interface_count() != count) {
    return "the backend names " + std::to_string(table.interface_count()) +
           " interfaces, the device's descriptors " + std::to_string(count);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t number = active->interfaces[i].number;
    const firewall::Alternate* alternate = device.alternate(setting, number);
    if (alternate == nullptr || table.interface_class(number) != alternate->kind) {
      return "interface " + std::to_string(number) +
             " is of one kind for the backend, and of another in the device's descriptors";
    }
  }
  const auto described = described_endpoints(device, setting, table.speed());
  for (std::size_t slot = 0; slot < described.size(); ++slot) {
    if (table.endpoints()[slot] == described[slot]) continue;
    return "endpoint " + firewall::hex_byte(redir::address_of(slot)) +
           " is not for the backend what it is in the device's descriptors";
  }
  return std::nullopt;
}

Difference identity_difference(const DeviceTable& table, const firewall::Device& device,
                               const firewall::Setting& setting, std::u16string_view serial) {
  const redir::DeviceConnect& introduced = table.introduction();
  const firewall::DeviceDescriptor& said = device.descriptor;
  const InterfaceClass kind{.code = introduced.device_class,
                            .subclass = introduced.device_subclass,
                            .protocol = introduced.device_protocol};
  if (introduced.vendor_id != said.vendor_id || introduced.product_id != said.product_id ||
      introduced.version_bcd != said.version || kind != said.kind) {
    return "the backend introduced another device than its descriptors describe";
  }
  if (!table.expected()) return std::nullopt;
  const Identity& approved = *table.expected();
  const std::string identity = firewall::identity_text(serial);
  if (approved.serial != identity) {
    return "device has serial number '" + identity + "', but '" + approved.serial +
           "' was approved";
  }
  const firewall::Configuration* active = device.configuration(setting.configuration);
  if (active == nullptr || approved.interfaces.empty()) return std::nullopt;
  // The first settings were compared with their tables; the others must not be of other classes.
  for (const firewall::DescribedInterface& interface : active->interfaces) {
    for (const firewall::Alternate& alternate : interface.alternates) {
      const bool known = std::any_of(
          approved.interfaces.begin(), approved.interfaces.end(),
          [&alternate](const InterfaceClass& one) { return one.code == alternate.kind.code; });
      if (known) continue;
      return "alternate setting " + std::to_string(alternate.number) + " of interface " +
             std::to_string(interface.number) + " is of class " +
             firewall::hex_byte(alternate.kind.code) +
             ", which the approved identity does not have";
    }
  }
  return std::nullopt;
}

}  // namespace usbproxy
