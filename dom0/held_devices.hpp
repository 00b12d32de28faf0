// SPDX-License-Identifier: GPL-2.0-or-later
// Devices that somebody took away from a qube by hand: their assignments wait until the device, or
// one of the two qubes, comes anew. Pure; dom0/io/store.hpp keeps them over a restart of the
// daemon.
#pragma once

#include <string>
#include <vector>

#include "base/wire/result.hpp"

namespace dom0 {

// One boot of a qube, as its agent names it in its hello; it says the same when it dials again.
// Empty: an agent that says nothing, of which every connection is a new life.
using QubeLife = std::string;

struct HeldDevice {
  std::string frontend;
  std::string backend;
  std::string port_id;
  std::string fingerprint;
  QubeLife frontend_life;
  QubeLife backend_life;

  friend bool operator==(const HeldDevice&, const HeldDevice&) = default;
};

class HeldDevices {
 public:
  static constexpr std::size_t max_held = 1024;

  // Each of these returns whether anything changed. Of too many the oldest is let go.
  bool hold(HeldDevice device);
  bool unplugged(const std::string& backend, const std::string& port_id);
  // What is in the port now: another device is not the one that was taken away.
  bool told(const std::string& backend, const std::string& port_id, const std::string& fingerprint);
  bool started(const std::string& qube, const QubeLife& life);

  bool contains(const std::string& frontend, const std::string& backend,
                const std::string& port_id) const;
  const std::vector<HeldDevice>& all() const { return held_; }
  void restore(std::vector<HeldDevice> all) { held_ = std::move(all); }

 private:
  std::vector<HeldDevice> held_;  // oldest first
};

}  // namespace dom0
