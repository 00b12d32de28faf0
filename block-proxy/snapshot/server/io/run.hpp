// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-snapshot: the only process that speaks to a medium; it serves what it has read of it.
#pragma once

#include "block-proxy/snapshot/server/io/server_options.hpp"

namespace blockproxy::snapshot {

// Until SIGTERM, or until the supervisor closes. The exit code.
int run_snapshot_server(const ServerOptions& options);

}  // namespace blockproxy::snapshot
