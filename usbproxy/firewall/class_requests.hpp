// SPDX-License-Identifier: GPL-2.0-or-later
// The requests that each class defines.
#pragma once

#include <cstdint>

#include "usbproxy/usb_values.hpp"

namespace usbproxy::firewall {

enum class FirmwareRequests { refuse, allow };

// To an interface of this kind.
bool interface_request_known(const InterfaceClass& kind, std::uint8_t request,
                             FirmwareRequests firmware);
// To an endpoint of an interface of this kind.
bool endpoint_request_known(const InterfaceClass& kind, std::uint8_t request);
// To a device that has an interface of this kind.
bool device_request_known(const InterfaceClass& kind, std::uint8_t request);

}  // namespace usbproxy::firewall
