// SPDX-License-Identifier: GPL-2.0-or-later
// Makes calls of the Admin API on the daemon's socket.
#pragma once

#include <filesystem>

#include "cli/admin_call.hpp"

namespace cli::io {

// One connection a call; blocks until the daemon has answered. Attaching may wait for a person at
// the prompt, everything else answers soon or fails.
Admin connect_admin(std::filesystem::path socket);

}  // namespace cli::io
