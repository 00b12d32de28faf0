// SPDX-License-Identifier: GPL-2.0-or-later
// HID report descriptors (HID 1.11, 5 and 6.2.2): a small language that the target's kernel runs.
#pragma once

#include <cstdint>
#include <vector>

#include "base/wire/reader.hpp"
#include "usbproxy/firewall/key_reports.hpp"
#include "usbproxy/firewall/violation.hpp"

namespace usbproxy::firewall {

// The kernel's own bounds (include/linux/hid.h, drivers/hid/hid-core.c) or less.
inline constexpr std::uint32_t max_report_field_bits = 256;
inline constexpr std::uint32_t max_report_count = 12288;
inline constexpr std::uint32_t max_report_bits = 16384 * 8;  // of one report
inline constexpr std::size_t max_report_fields = 256;        // of one report
inline constexpr std::size_t max_collection_depth = 16;
inline constexpr std::size_t max_global_depth = 4;
inline constexpr std::uint32_t max_usages = 65536;  // of one main item; the kernel cuts off earlier

// What an approval may depend on, and where its keys are.
struct ReportFacts {
  bool types_keys = false;  // a keyboard or keypad, or input from the page of keys
  std::vector<KeyField> key_fields = {};
  KeyReports::Numbered numbered = KeyReports::Numbered::no;
};

// Refused: items cut short, long and reserved items, collections and delimiters that are not
// balanced, reports larger than the kernel's buffers, ranges that end before they begin.
Checked<ReportFacts> check_report(base::wire::Bytes untrusted, std::uint8_t interface_number);

}  // namespace usbproxy::firewall
