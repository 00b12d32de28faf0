// SPDX-License-Identifier: GPL-2.0-or-later
// Which control requests of the target reach the device.
#pragma once

#include <cstdint>

#include "usbproxy/firewall/model.hpp"
#include "usbproxy/usb_values.hpp"

namespace usbproxy::firewall {

// What its user may loosen; the default lets honest devices work.
struct ControlRules {
  // with_interface: to devices that have a vendor-specific interface, as serial adapters, networks
  // and most things with a driver of their own do, and storage, keyboards and headsets do not.
  enum class Vendor { refuse, with_interface, allow };
  // What changes a device's firmware or identity: DFU, and the known requests of some makers.
  enum class Firmware { refuse, allow };

  Vendor vendor = Vendor::with_interface;
  Firmware firmware = Firmware::refuse;
};

// What becomes of a request.
enum class ControlVerdict {
  forward,
  acknowledge,  // answered here: it would change nothing that exists
  refuse,       // a stall
};

// GET_DESCRIPTOR, SET_ADDRESS and the requests that set or get a configuration or an alternate
// setting are not asked about: the session answers them by itself, or in its own way. Everything
// that is not known is refused.
ControlVerdict judge(const ControlRules& rules, const Setup& setup, const Device& device,
                     const Setting& setting);

}  // namespace usbproxy::firewall
