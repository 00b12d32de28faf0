// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/inventory.hpp"

namespace dom0 {

Inventory::Change Inventory::put(const std::string& qube, Device device) {
  Devices& devices = qubes_[qube];
  const auto found = devices.find(device.port_id());
  if (found != devices.end()) {
    if (found->second == device) return Change::unchanged;
    found->second = std::move(device);
    return Change::changed;
  }
  if (devices.size() >= max_devices_per_qube) return Change::refused_too_many;
  std::string port_id = device.port_id();
  devices.emplace(std::move(port_id), std::move(device));
  return Change::added;
}

bool Inventory::remove(const std::string& qube, const std::string& port_id) {
  const auto found = qubes_.find(qube);
  return found != qubes_.end() && found->second.erase(port_id) > 0;
}

const Device* Inventory::find(const std::string& qube, const std::string& port_id) const {
  const Devices& known = devices(qube);
  const auto found = known.find(port_id);
  return found == known.end() ? nullptr : &found->second;
}

const Inventory::Devices& Inventory::devices(const std::string& qube) const {
  static const Devices none;
  const auto found = qubes_.find(qube);
  return found == qubes_.end() ? none : found->second;
}

}  // namespace dom0
