// SPDX-License-Identifier: GPL-2.0-or-later
// A whole medium: read by the volume's workers, each file scanned by the engine's.
#pragma once

#include <filesystem>

#include "scanner-qube/engine/io/worker_pool.hpp"
#include "scanner-qube/scan/medium_report.hpp"
#include "scanner-qube/volume/io/examine.hpp"

namespace scannerqube::io {

struct ScanOptions {
  volume::Deleted deleted = volume::Deleted::leave_out;
  PoolOptions pool;
  // Larger files are not examined: their bytes are copied into memory for the engine.
  std::uint64_t largest_file = std::uint64_t{1} << 30U;
};

// Blocks until the medium is scanned. An error: the scan could not begin; else whatever went wrong
// is in the report. Single-threaded; starts processes.
base::Result<MediumReport> scan_medium(const volume::ForkableSource& source, ScanEngine& engine,
                                       const ScanOptions& options);

}  // namespace scannerqube::io
