// SPDX-License-Identifier: GPL-2.0-or-later
// The keyboards and pointers of this host itself, and what it would lose with a USB controller.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace base::device {

// As sysfs has it; none that a program made (uinput).
struct HostInputDevice {
  std::string event = {};       // "event3"
  std::string name = {};        // what the device says of itself
  std::string port = {};        // "1-2.1"; empty: not on USB
  std::string controller = {};  // its PCI address; empty: none, as with PS/2
  std::uint16_t vendor = 0;
  std::uint16_t product = 0;
};

// Sorted by event number.
struct HostInput {
  std::vector<HostInputDevice> keyboards;
  std::vector<HostInputDevice> pointers;
};

// A keyboard that hangs on one of these controllers while none hangs elsewhere: the host's last.
// nullptr: one stays, or there is none at all.
const HostInputDevice* last_keyboard_on(const std::vector<std::string>& controllers,
                                        const std::vector<HostInputDevice>& keyboards);
// "event3 'Keyboard' at 0000:00:14.0, port 1-2"; safe to show.
std::string describe(const HostInputDevice& device);

}  // namespace base::device
