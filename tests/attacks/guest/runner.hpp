// SPDX-License-Identifier: GPL-2.0-or-later
// Runs one attack in this machine and looks at what became of it.
#pragma once

#include "tests/attacks/guest/chain.hpp"
#include "tests/attacks/guest/report.hpp"

namespace attacks {

enum class Way { plugged, streamed, usbip };

Report run_attack(const Attack& attack, Way way, const Places& places);

// An honest stick that stays attached beside all attacks; says in the file `honest` beside
// `places.logs` which block device it is. Returns only when it is lost.
int run_honest(const Places& places);
// Reads from it, past all caches. Empty: as it should be.
std::string look_at_honest(const Places& places);

}  // namespace attacks
