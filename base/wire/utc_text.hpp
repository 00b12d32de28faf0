// SPDX-License-Identifier: GPL-2.0-or-later
// A time as people read it. Always UTC: qubes and reports are compared across machines.
#pragma once

#include <cstdint>
#include <string>

namespace base::wire {

// `seconds` since 1970 in the words of strftime(3), at most 63 bytes: "%F" is "2026-11-28". "?" if
// it is no time at all.
std::string utc_text(std::int64_t seconds, const char* format = "%F %T UTC");

}  // namespace base::wire
