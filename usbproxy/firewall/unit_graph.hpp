// SPDX-License-Identifier: GPL-2.0-or-later
// The units and terminals of an audio or video function, and whose output each takes.
#pragma once

#include <vector>

#include "usbproxy/firewall/descriptor.hpp"

namespace usbproxy::firewall {

// The kernel's drivers walk these links; what they must not meet is an id that is not there, one
// that is there twice, and a way that leads back to where it began.
class UnitGraph {
 public:
  struct Unit {
    std::uint8_t id = 0;
    std::size_t offset = 0;
    std::vector<std::uint8_t> sources;  // 0: none
  };
  void add(Unit unit) { units_.push_back(std::move(unit)); }
  Checked<base::Ok> check(const Block& block) const;

 private:
  const Unit* find(std::uint8_t id) const;
  const Unit* in_a_loop() const;

  std::vector<Unit> units_;
};

}  // namespace usbproxy::firewall
