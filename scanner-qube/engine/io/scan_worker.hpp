// SPDX-License-Identifier: GPL-2.0-or-later
// A worker: a forked process without anything but one socket, one folder and the engine.
#pragma once

#include <filesystem>

#include "base/io/fd.hpp"
#include "scanner-qube/engine/scan_engine.hpp"

namespace scannerqube::io {

struct WorkerLimits {
  std::uint64_t memory = std::uint64_t{3} << 30U;  // bytes more than the engine has already
  std::uint64_t file = std::uint64_t{1} << 30U;    // of each file that is unpacked into the folder
};

// Exit codes besides 0, the socket's end.
inline constexpr int exit_no_sandbox = 3;
inline constexpr int exit_bad_job = 4;
inline constexpr int exit_no_memory = 5;

// Runs in the child: puts the sandbox on, then takes jobs until the socket ends.
[[noreturn]] void run_worker(ScanEngine& engine, base::io::Fd socket,
                             const std::filesystem::path& folder, const WorkerLimits& limits);

}  // namespace scannerqube::io
