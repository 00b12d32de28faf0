// SPDX-License-Identifier: GPL-2.0-or-later
// The daemon's status as people read it.
#pragma once

#include <string>
#include <string_view>

#include "base/wire/result.hpp"

namespace cli {

// "3 h 20 min", "45 s"
std::string format_duration(std::int64_t seconds);

// Tables of qubes, leases and ended leases from sallyport.Status's JSON. Keys that are missing are
// left out; only what is no JSON object is an error.
base::Result<std::string> format_status(std::string_view untrusted_json);
// The JSON in one line, checked.
base::Result<std::string> compact_json(std::string_view untrusted_json);

}  // namespace cli
