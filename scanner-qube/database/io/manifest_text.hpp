// SPDX-License-Identifier: GPL-2.0-or-later
// A manifest as text: JSON, one way to write each manifest.
#pragma once

#include <string>
#include <string_view>

#include "scanner-qube/database/manifest.hpp"

namespace scannerqube::database::io {

// One line, with its newline.
std::string encode(const Manifest& checked);

// Only what encode() writes of a manifest that check() takes: no other order, space, number or key.
// Its memory is bounded by max_manifest, which the caller keeps.
base::Result<Manifest> parse_manifest(std::string_view untrusted);

}  // namespace scannerqube::database::io
