// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/held_devices.hpp"

#include <algorithm>

namespace dom0 {

bool HeldDevices::hold(HeldDevice device) {
  if (contains(device.frontend, device.backend, device.port_id)) return false;
  if (held_.size() >= max_held) held_.erase(held_.begin());
  held_.push_back(std::move(device));
  return true;
}

bool HeldDevices::unplugged(const std::string& backend, const std::string& port_id) {
  return std::erase_if(held_, [&](const HeldDevice& each) {
           return each.backend == backend && each.port_id == port_id;
         }) != 0;
}

bool HeldDevices::told(const std::string& backend, const std::string& port_id,
                       const std::string& fingerprint) {
  return std::erase_if(held_, [&](const HeldDevice& each) {
           return each.backend == backend && each.port_id == port_id &&
                  each.fingerprint != fingerprint;
         }) != 0;
}

bool HeldDevices::started(const std::string& qube, const QubeLife& life) {
  const auto is_new = [&life](const QubeLife& before) { return life.empty() || before != life; };
  return std::erase_if(held_, [&](const HeldDevice& each) {
           return (each.frontend == qube && is_new(each.frontend_life)) ||
                  (each.backend == qube && is_new(each.backend_life));
         }) != 0;
}

bool HeldDevices::contains(const std::string& frontend, const std::string& backend,
                           const std::string& port_id) const {
  return std::ranges::any_of(held_, [&](const HeldDevice& each) {
    return each.frontend == frontend && each.backend == backend && each.port_id == port_id;
  });
}

}  // namespace dom0
