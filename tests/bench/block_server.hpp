// SPDX-License-Identifier: GPL-2.0-or-later
// A server that is measured.
#pragma once

#include <string>
#include <vector>

#include "tests/rig/child.hpp"

namespace bench {

struct Server {
  std::string name;  // of its socket in the folder
  std::vector<std::string> command;
};

// Started, and listening.
base::Result<rig::Child> start(const Server& server, const std::filesystem::path& folder);

}  // namespace bench
