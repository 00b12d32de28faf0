// SPDX-License-Identifier: GPL-2.0-or-later
// `sallyport scan release`: the clean files of a snapshot that was scanned, on a new volume.
#pragma once

#include "base/io/paths.hpp"
#include "cli/arguments.hpp"
#include "cli/device_command.hpp"

namespace cli::io {

Outcome run_scan_release(const Arguments& given, const base::io::Paths& paths);

}  // namespace cli::io
