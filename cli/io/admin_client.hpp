// SPDX-License-Identifier: GPL-2.0-or-later
// Makes calls of the Admin API on the daemon's socket.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

#include "base/io/fd.hpp"
#include "cli/admin_call.hpp"

namespace cli::io {

// The daemon serves 32 clients; half of them are left to others.
inline constexpr std::size_t max_calls_at_once = 16;

// One connection a call; blocks until the daemon has answered. Attaching may wait for a person at
// the prompt, everything else answers soon or fails. `limit`, if given, is for all calls together,
// counted from here.
Admin connect_admin(std::filesystem::path socket,
                    std::optional<std::chrono::milliseconds> limit = std::nullopt);

// A connection on which the request has been made and nothing been read. The error says what to do.
base::Result<base::io::Fd> begin_call(const std::filesystem::path& socket, const AdminCall& call);

}  // namespace cli::io
