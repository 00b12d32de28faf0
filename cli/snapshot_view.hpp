// SPDX-License-Identifier: GPL-2.0-or-later
// What the snapshots' keeper says, as people read it (docs/protocol.md 11). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/wire/result.hpp"

namespace cli {

// "4.0 GiB", "17 bytes"
std::string format_bytes(std::uint64_t bytes);

// A table of the JSON list.
base::Result<std::string> format_snapshot_list(std::string_view untrusted_json);
// A page of the JSON report of one.
base::Result<std::string> format_snapshot_report(std::string_view untrusted_json);

// The only qube that stores snapshots, by the daemon's status.
base::Result<std::string> storage_qube(std::string_view untrusted_status);

}  // namespace cli
