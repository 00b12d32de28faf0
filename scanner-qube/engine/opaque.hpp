// SPDX-License-Identifier: GPL-2.0-or-later
// What a layer holds that libclamav 1.4 passes over without a word: to it such a file is clean.
#pragma once

#include <string>
#include <vector>

#include "base/wire/reader.hpp"

namespace scannerqube {

// Why not all of it will be looked into; empty: nothing speaks against it. `layer`: a whole file,
// or a member of an archive.
std::vector<std::string> not_opened(base::wire::Bytes layer);

}  // namespace scannerqube
