// SPDX-License-Identifier: GPL-2.0-or-later
// The worker's own side, behind fork.
#pragma once

#include "scanner-qube/volume/io/worker.hpp"

namespace scannerqube::volume {

// A worker's exit status when there is no memory left.
inline constexpr int out_of_memory = 12;

struct WorkerEnds {
  pid_t parent = 0;
  base::io::Fd& answers;
  base::io::Fd& requests;
};

// Limits, sandbox, the job, then requests until the parent goes away. A sandbox that cannot be put
// on ends it.
[[noreturn]] void run_worker(const ForkableSource& source, const Job& job,
                             const WorkerLimits& limits, WorkerEnds ends);

}  // namespace scannerqube::volume
