// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-snapshot-call: the services sallyport.BlockAttach and sallyport.Block of a qube that
// stores snapshots. It takes streams of other qubes and hands them to the snapshot's process; it
// never reads a byte of them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/io/agent_call.hpp"
#include "base/io/paths.hpp"
#include "base/wire/result.hpp"

namespace blockproxy::snapshot {

extern const char* const call_usage;

struct CallOptions {
  std::string agent_socket = base::io::default_agent_socket;
  std::filesystem::path snapshots_socket = base::io::Paths().snapshot_socket();
  bool help = false;

  static base::Result<CallOptions> parse(const std::vector<std::string>& arguments);
};

// `service`: "sallyport.BlockAttach" or "sallyport.Block+NAME"; `decided`: SALLYPORT_OPTIONS. The
// exit code, after the reason on stderr: 0 it ended as attachments do, 126 refused by policy, 127
// no such service, 1 else.
int run_call(const CallOptions& options, const std::string& service, const std::string& decided);

}  // namespace blockproxy::snapshot
