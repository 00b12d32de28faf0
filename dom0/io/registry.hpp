// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the registry: one file per qube, all of them valid or none in force.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/config/qube_config.hpp"
#include "base/wire/result.hpp"

namespace dom0::io {

// Every NAME.conf of the folder. Two qubes with one CID are an error: the CID is the identity.
// So are two with one uuid, and a default_dispvm from which nothing can be made.
base::Result<std::map<std::string, base::config::QubeConfig>> load_registry(
    const std::filesystem::path& folder);

}  // namespace dom0::io
