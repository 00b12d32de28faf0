// SPDX-License-Identifier: GPL-2.0-or-later
// One endpoint descriptor and its companion: what each speed allows (USB 2.0, 5.5-5.8 and 9.6.6;
// USB 3.2, 9.6.6-9.6.8).
#pragma once

#include "usbproxy/firewall/descriptor.hpp"
#include "usbproxy/firewall/model.hpp"

namespace usbproxy::firewall {

// `kind` of the alternate setting: only audio has endpoints of 9 bytes.
Checked<DescribedEndpoint> parse_endpoint(const Block& block, const Descriptor& in, Speed speed,
                                          const InterfaceClass& kind);
Checked<Companion> parse_companion(const Block& block, const Descriptor& in,
                                   const DescribedEndpoint& endpoint);
// The second companion of isochronous endpoints beyond 48 KiB an interval.
Checked<std::uint32_t> parse_iso_companion(const Block& block, const Descriptor& in,
                                           const DescribedEndpoint& endpoint);
// "endpoint 0x81"
std::string subject_of(const DescribedEndpoint& endpoint);

}  // namespace usbproxy::firewall
