// SPDX-License-Identifier: GPL-2.0-or-later
// A whole medium: read by the volume's workers, each file scanned by the engine's.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>

#include "scanner-qube/cache/verdict_cache.hpp"
#include "scanner-qube/engine/io/worker_pool.hpp"
#include "scanner-qube/release/release_list.hpp"
#include "scanner-qube/report/coverage.hpp"
#include "scanner-qube/scan/medium_report.hpp"
#include "scanner-qube/volume/io/examine.hpp"

namespace scannerqube::io {

struct ScanOptions {
  volume::Deleted deleted = volume::Deleted::leave_out;
  PoolOptions pool;
  // Larger files are not examined: their bytes are copied into memory for the engine.
  std::uint64_t largest_file = std::uint64_t{1} << 30U;
  // Of the whole scan; a file that is under way then has its own deadline still. The rest is not
  // examined.
  std::chrono::milliseconds time = std::chrono::hours(6);
  // What it calls clean is not scanned. Outlives the scan; nullptr: there is none.
  const VerdictCache* cache = nullptr;
  // What opens encrypted parts (unlock/); empty: they are not examined.
  volume::OpenPart open = {};
  // After each file: how many there were so far, and their bytes.
  std::function<void(std::uint64_t files, std::uint64_t bytes)> progress = {};
};

struct MediumScan {
  MediumReport found;
  report::Coverage coverage;
  release::ReleaseList clean_files;  // those that a list can name
};

// Blocks until the medium is scanned. An error: the scan could not begin; else whatever went wrong
// is in the report. Single-threaded; starts processes.
base::Result<MediumScan> scan_medium(const volume::ForkableSource& source, ScanEngine& engine,
                                     const ScanOptions& options);

}  // namespace scannerqube::io
