// SPDX-License-Identifier: GPL-2.0-or-later
// The socket on which programs of the qube ask for calls, and who the agent is from then on.
#pragma once

#include "agent/io/options.hpp"
#include "base/io/fd.hpp"
#include "base/wire/result.hpp"

namespace agent::io {

// Listens, becomes the user of the options if there is one, and gives up setuid programs.
base::Result<base::io::Fd> listen_and_drop_rights(const Options& options);

}  // namespace agent::io
