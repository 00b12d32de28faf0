// SPDX-License-Identifier: GPL-2.0-or-later
// Descriptors of devices that exist: QEMU 7.2's, as sysfs shows them, and some of real ones.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "tests/usbproxy/described_device.hpp"
#include "usbproxy/usb_values.hpp"

namespace usbproxy::test {

struct Golden {
  std::string name;
  Speed speed = Speed::high;
  Bytes device;
  std::vector<Bytes> configurations;
};

const std::vector<Golden>& golden_devices();

inline const Golden& golden(const std::string& name) {
  const auto& all = golden_devices();
  return *std::find_if(all.begin(), all.end(),
                       [&name](const Golden& one) { return one.name == name; });
}

}  // namespace usbproxy::test
