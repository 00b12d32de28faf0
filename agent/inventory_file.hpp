// SPDX-License-Identifier: GPL-2.0-or-later
// A paper qube's devices: a text file instead of a bus, so that dom0 can be tried without any VM.
//
// One device a line, blank-separated key=value, # comments; values with blanks in double quotes:
//   port=2-1 vendor=0951 product=1666 manufacturer=Kingston name="DataTraveler 3.0" serial=60A44C
//   interfaces=080650 [bus=2] [device=3] [speed=super] [version=0110] [usb=0300]
//   [described=080650,080662] [descriptors-hash=64 HEX DIGITS] [usbguard-hash=64 HEX DIGITS]
// or a block device:
//   block=sda1 size=1048576 [kind=disk|partition|loop|dm|cdrom] [mode=ro] [medium=removable]
//   [parent=sda partition=1] [sector=512] [physical-sector=4096] [usb-interface=2-1:1.0]
//   [model="DT 3.0"] [label=KEY] [serial=60A44C] [backing=/a.img]
#pragma once

#include <string_view>
#include <vector>

#include "base/wire/result.hpp"
#include "sys-usb/inventory_record.hpp"

namespace agent {

// Errors: "FILE:LINE: what is wrong".
base::Result<std::vector<sysusb::InventoryRecord>> parse_inventory_file(std::string_view text,
                                                                        std::string_view file);

}  // namespace agent
