// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/firewall/unit_graph.hpp"

#include <algorithm>
#include <array>

namespace usbproxy::firewall {

const UnitGraph::Unit* UnitGraph::find(std::uint8_t id) const {
  const auto found =
      std::find_if(units_.begin(), units_.end(), [id](const Unit& one) { return one.id == id; });
  return found == units_.end() ? nullptr : &*found;
}

// Takes away what has no sources left, again and again; what stays is in a loop or behind one.
const UnitGraph::Unit* UnitGraph::in_a_loop() const {
  std::array<bool, 256> done{};
  done[0] = true;
  for (std::size_t left = units_.size(); left > 0;) {
    const std::size_t before = left;
    for (const Unit& one : units_) {
      if (done[one.id]) continue;
      if (!std::all_of(one.sources.begin(), one.sources.end(),
                       [&done](std::uint8_t id) { return done[id]; })) {
        continue;
      }
      done[one.id] = true;
      --left;
    }
    if (left != before) continue;
    const auto stuck = std::find_if(units_.begin(), units_.end(),
                                    [&done](const Unit& one) { return !done[one.id]; });
    return stuck == units_.end() ? nullptr : &*stuck;
  }
  return nullptr;
}

Checked<base::Ok> UnitGraph::check(const Block& block) const {
  const auto subject = [](const Unit& one) { return "unit " + std::to_string(one.id); };
  for (const Unit& one : units_) {
    if (one.id == 0) return block.broken(one.offset, subject(one), "its id is the reserved 0");
    if (find(one.id) != &one) return block.broken(one.offset, subject(one), "its id is taken");
    for (const std::uint8_t source : one.sources) {
      if (source == 0 || find(source) != nullptr) continue;
      return block.broken(one.offset, subject(one),
                          "its source " + std::to_string(source) + " does not exist");
    }
  }
  if (const Unit* unit = in_a_loop()) {
    return block.broken(unit->offset, subject(*unit), "its sources lead back to it in a loop");
  }
  return base::Ok{};
}

}  // namespace usbproxy::firewall
