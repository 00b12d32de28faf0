// SPDX-License-Identifier: GPL-2.0-or-later
// Class-specific descriptors: kept when they are known where they stand and as long as they say;
// refused when they are known and wrong; dropped when nobody here knows them.
#pragma once

#include <optional>
#include <set>

#include "usbproxy/firewall/class_shapes.hpp"
#include "usbproxy/firewall/descriptor.hpp"
#include "usbproxy/firewall/model.hpp"

namespace usbproxy::firewall {

// The kernel's bound is the same (HID_MAX_DESCRIPTOR_SIZE).
inline constexpr std::uint16_t max_report_descriptor = 4096;

// Nothing: dropped. Bytes beyond what the descriptor's own counts cover are not kept.
Checked<std::optional<ClassDescriptor>> parse_class_descriptor(const Block& block,
                                                               const Descriptor& in,
                                                               const InterfaceClass& kind,
                                                               Position position);

// What only a whole setting can be asked: ids that are unique, sources that exist and form no
// loop, headers that come first, frames behind their format, one HID descriptor. Makes totals fit,
// and drops CDC's descriptors from a vendor's interface that does not begin like one of CDC.
// `offset` is that of the interface descriptor.
Checked<base::Ok> check_alternate(const Block& block, std::size_t offset, Alternate& alternate);

// What only a whole configuration can be asked: interfaces that class descriptors name exist.
Checked<base::Ok> check_references(const Block& block, const Configuration& configuration);

// The strings that an interface's class descriptors name: a network's address, names of terminals.
void add_named_strings(const Alternate& alternate, std::set<std::uint8_t>& numbers);

}  // namespace usbproxy::firewall
