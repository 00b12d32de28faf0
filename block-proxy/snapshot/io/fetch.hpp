// SPDX-License-Identifier: GPL-2.0-or-later
// Reads blocks from a medium that may read short, fail by sector, hang or end early.
#pragma once

#include <optional>

#include "block-proxy/snapshot/fetch_plan.hpp"
#include "block-proxy/snapshot/io/medium.hpp"

namespace blockproxy::snapshot {

// Fills `out` with the bytes of the plan's run. An error where the medium hangs, is gone or ends
// early: then nothing of the run may be used. `ended_at` is set where it ended early.
base::Status fetch(Medium& medium, FetchPlan& plan, std::span<std::byte> out,
                   std::optional<std::uint64_t>& ended_at);

}  // namespace blockproxy::snapshot
