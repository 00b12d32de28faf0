// SPDX-License-Identifier: GPL-2.0-or-later
// Group usb: a stick straight on the xHCI, over kernel usbip and over usbproxy, in one machine.
#pragma once

#include "base/wire/result.hpp"
#include "tests/bench/guest.hpp"
#include "tests/bench/report.hpp"

namespace bench {

struct UsbOptions {
  unsigned rounds = 5;
  unsigned mib = 64;
  Timekeeping clock = Timekeeping::instructions;
};

base::Result<Report> measure_usb(const UsbOptions& options);

}  // namespace bench
