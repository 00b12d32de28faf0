// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport log`: what the audit log says, as people read it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/wire/result.hpp"

namespace cli {

// A record as one line, "TIME  TEXT  [by APPROVER, rule RULE, ...]"; nothing if it is none.
std::optional<std::string> format_record(std::string_view untrusted_line);

// "2h", "7d", "2026-11-01", "2026-11-01T10:00:00Z" as a record's time; `now`: seconds since 1970.
base::Result<std::string> parse_since(std::string_view text, std::int64_t now);
// The time of a record, to be compared with parse_since() as text; empty: it has none.
std::string_view time_of_record(std::string_view untrusted_line);

}  // namespace cli
