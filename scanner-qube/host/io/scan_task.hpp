// SPDX-License-Identifier: GPL-2.0-or-later
// A machine's whole life in a process of its own: booted ahead of time, asked once, switched off.
#pragma once

#include "base/io/fd.hpp"
#include "scanner-qube/host/io/scan_machine.hpp"
#include "scanner-qube/host/machine_request.hpp"

namespace scannerqube::io {

struct TaskLimits {
  std::chrono::seconds boot{120};
  std::chrono::seconds scan{3600};
  std::chrono::seconds silence{300};  // of a qube that scans
};

// `pool`: a SOCK_SEQPACKET to whoever started this process. To it: "ready ENGINE" or "failed WHY",
// once. From it: "client" with the client's socket, once; its end means that nobody will come.
// The client's SOCK_SEQPACKET: a MachineRequest's text with the medium's stream, and with known=yes
// a sealed file with a cache_list, used where it is of the machine's signatures and settings. From
// then on "progress FILES BYTES", and last "done OPTIONS" (cache/scope.hpp, in hex) with two sealed
// files (the report, the list of clean files), or "failed WHY". Returns the process' exit status.
int run_task(const MachineOptions& options, const TaskLimits& limits, const std::string& name,
             base::io::Fd pool);

}  // namespace scannerqube::io
