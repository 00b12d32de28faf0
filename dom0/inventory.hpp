// SPDX-License-Identifier: GPL-2.0-or-later
// The devices that each qube says it has.
#pragma once

#include <map>
#include <string>

#include "dom0/device.hpp"

namespace dom0 {

// Bounded per qube; knows nothing of leases. Everything but the names is a claim.
class Inventory {
 public:
  static constexpr std::size_t max_devices_per_qube = 64;

  enum class Change { added, changed, unchanged, refused_too_many };
  using Devices = std::map<std::string, Device>;  // by port id

  Change put(const std::string& qube, Device device);
  bool remove(const std::string& qube, const std::string& port_id);
  void clear(const std::string& qube) { qubes_.erase(qube); }
  const Device* find(const std::string& qube, const std::string& port_id) const;
  const Devices& devices(const std::string& qube) const;

 private:
  std::map<std::string, Devices> qubes_;
};

}  // namespace dom0
