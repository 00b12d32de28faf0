// SPDX-License-Identifier: GPL-2.0-or-later
// What an honest backend would tell of a device: usbredir's tables and introduction.
#pragma once

#include <array>

#include "tests/attacks/emulator/device.hpp"
#include "tests/attacks/emulator/walk.hpp"
#include "usbproxy/redir_packet.hpp"

namespace attacks {

// The alternate setting in use, by interface.
using Alternates = std::array<std::uint8_t, 256>;

usbproxy::redir::InterfaceInfo interfaces_of(const Walked& walked, const Alternates& alternates);
usbproxy::redir::EpInfo endpoints_of(const Walked& walked, const Alternates& alternates);
usbproxy::redir::DeviceConnect connect_of(Speed speed, Bytes descriptor);

}  // namespace attacks
