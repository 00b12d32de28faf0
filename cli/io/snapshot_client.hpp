// SPDX-License-Identifier: GPL-2.0-or-later
// Asks sallyport-snapshots (docs/protocol.md 11).
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/io/fd.hpp"

namespace cli::io {

using OnProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// Sends the request, with `file` where it needs one, and waits for its end. What was said of it.
base::Result<std::string> ask_snapshots(const std::filesystem::path& socket,
                                        const std::string& request, const base::io::Fd* file,
                                        const OnProgress& on_progress);

// The same for a request that answers into a file: its content.
base::Result<std::string> read_from_snapshots(const std::filesystem::path& socket,
                                              const std::string& request);

}  // namespace cli::io
