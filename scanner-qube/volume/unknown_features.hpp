// SPDX-License-Identifier: GPL-2.0-or-later
// A file system that needs something of its reader that nobody here knows.
#pragma once

#include <cstdint>
#include <string>

namespace scannerqube::volume {

// For people; `bits` as the file system has them.
std::string unknown_features(std::uint64_t bits);

}  // namespace scannerqube::volume
