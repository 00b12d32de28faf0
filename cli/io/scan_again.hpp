// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport scan again`: what newer signatures find in snapshots that were scanned.
#pragma once

#include "base/io/paths.hpp"
#include "cli/arguments.hpp"
#include "cli/device_command.hpp"

namespace cli::io {

Outcome run_scan_again(const Arguments& given, const base::io::Paths& paths);

}  // namespace cli::io
