// SPDX-License-Identifier: GPL-2.0-or-later
// The binary object store: what a device can do besides (USB 3.2, 9.6.2).
#pragma once

#include <cstdint>
#include <vector>

#include "base/wire/reader.hpp"
#include "usbproxy/firewall/violation.hpp"

namespace usbproxy::firewall {

inline constexpr std::size_t bos_header_size = 5;
inline constexpr std::size_t max_bos_size = 1024;
inline constexpr std::size_t max_capabilities = 16;

// wTotalLength of a BOS whose first bytes these are.
Checked<std::uint16_t> bos_total_length(base::wire::Bytes untrusted);

// Checked, and written anew with the capabilities that the target's kernel reads: USB 2.0
// extension, SuperSpeed, SuperSpeedPlus, container id, precision time. Others are dropped: they
// announce requests (WebUSB, Microsoft's descriptors) or links (Power Delivery, Billboard).
Checked<std::vector<std::byte>> copy_bos(base::wire::Bytes untrusted);

}  // namespace usbproxy::firewall
