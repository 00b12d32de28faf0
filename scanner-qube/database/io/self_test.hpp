// SPDX-License-Identifier: GPL-2.0-or-later
// Loads a bundle's files with the real engine and lets it look for what it must find. In a process
// of its own (check_main.cpp): libclamav reads all of it.
#pragma once

#include <filesystem>

#include "scanner-qube/database/engine_facts.hpp"
#include "scanner-qube/database/manifest.hpp"

namespace scannerqube::database::io {

// `folder` is an incoming one (layout.hpp).
base::Result<EngineFacts> self_test(const std::filesystem::path& folder, const Manifest& manifest);

}  // namespace scannerqube::database::io
