// SPDX-License-Identifier: GPL-2.0-or-later
// What sallyportd does before it serves: folders, relay process, user, sandbox.
#pragma once

#include <filesystem>
#include <string>

#include "base/io/paths.hpp"
#include "base/io/sandbox.hpp"
#include "base/wire/result.hpp"

namespace dom0::io {

// A user by name, or by number where there is no such account (tests, demos).
base::Result<base::io::Identity> identity_of(const std::string& user);

// Makes the folders that are missing, owned by `owner`.
base::Status make_folders(const base::io::Paths& paths, const base::io::Identity& owner);

// Starts the relay in a session of its own unless one is listening already, and waits until it
// listens (at most 5 s). It is not the daemon's child in any other sense: it outlives it.
base::Status ensure_relay(const base::io::Paths& paths, const std::filesystem::path& program);

// No new privileges, only the files below root that it needs, only the system calls it needs.
base::Status enter_daemon_sandbox(const base::io::Paths& paths);

}  // namespace dom0::io
