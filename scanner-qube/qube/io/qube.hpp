// SPDX-License-Identifier: GPL-2.0-or-later
// A scanner qube's life: made ready, asked once, answered, switched off.
#pragma once

namespace scannerqube::io {

// As process 1. Does not come back.
[[noreturn]] void run_qube();

}  // namespace scannerqube::io
