// SPDX-License-Identifier: GPL-2.0-or-later
// Which keys a forwarded keyboard may press, by the classes that are allowed.
#pragma once

#include <bitset>
#include <cstdint>

#include "base/device/key_class.hpp"

namespace inputproxy {

using Keys = std::bitset<768>;
using base::device::KeyClass;

// The parts of a chord that are held on one keyboard. The console adds up all keyboards: Ctrl-Alt
// on one and F1 on another is Ctrl-Alt-F1.
struct ChordKeys {
  bool control = false;
  bool alt = false;
  bool action = false;  // a function key, Delete, Left or Right: what a modifier changes
  friend bool operator==(const ChordKeys&, const ChordKeys&) = default;
};
ChordKeys chord_keys(const Keys& held);

class KeyRules {
 public:
  KeyRules() : allowed_(base::device::default_key_classes()) {}
  explicit KeyRules(const base::device::KeyClasses& allowed) : allowed_(allowed) {}

  bool allows(KeyClass key_class) const { return allowed_[static_cast<std::size_t>(key_class)]; }
  // Whether `code` may go down (or repeat) now, with `held` down here, and others elsewhere.
  bool may_press(std::uint16_t code, const Keys& held, const ChordKeys& elsewhere) const;

 private:
  bool may_chord(std::uint16_t code, bool control, bool alt) const;

  base::device::KeyClasses allowed_;
};

}  // namespace inputproxy
