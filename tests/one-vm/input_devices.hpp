// SPDX-License-Identifier: GPL-2.0-or-later
// Input devices of many kinds, honest and lying, for uinput: what each claims, and what is to
// become of it.
#pragma once

#include <string>
#include <vector>

#include "input-proxy/capabilities.hpp"

namespace onevm {

struct InputKind {
  std::string name;
  inputproxy::Capabilities device;
  // "keyboard", "mouse", "tablet" or "keyboard-mouse": the service that its watcher asks for;
  // empty: none.
  std::string forwarded;
  bool refused = false;  // the receiver does not take it
};
const std::vector<InputKind>& input_kinds();

// A greeting's bytes, without the name and the values of axes: what a device is, not how it stands.
std::string greeting_in_hex(inputproxy::Capabilities device);

}  // namespace onevm
