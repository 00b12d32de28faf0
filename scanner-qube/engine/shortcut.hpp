// SPDX-License-Identifier: GPL-2.0-or-later
// What a Windows shortcut (.lnk) starts, as far as it says so.
//
// Pure. Format: [MS-SHLLINK], Shell Link (.LNK) Binary File Format, revision 9.0.
#pragma once

#include <optional>
#include <string>

#include "base/wire/reader.hpp"

namespace scannerqube {

// What is shown of it, in characters.
inline constexpr std::size_t max_shortcut_text = 200;

// Target and arguments, blanks in a row as one; printable ASCII. "an unknown target": it has none
// that can be read. nullopt: this is no shortcut.
std::optional<std::string> shortcut_command(base::wire::Bytes file);

}  // namespace scannerqube
