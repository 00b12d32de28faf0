// SPDX-License-Identifier: GPL-2.0-or-later
// Whether libclamav sees the members of a zip archive that other programs see.
//
// Programs go by the central directory at the end, or by the headers before each member. Where the
// two differ, or a member is packed by what libclamav 1.4 does not know, it says nothing.
#pragma once

#include <optional>
#include <string>

#include "base/wire/reader.hpp"

namespace scannerqube {

// The first thing that speaks against it; nullopt: nothing, or it is no zip archive.
std::optional<std::string> zip_doubt(base::wire::Bytes untrusted);

}  // namespace scannerqube
