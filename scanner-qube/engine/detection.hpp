// SPDX-License-Identifier: GPL-2.0-or-later
// What a name that the engine says means: not every "FOUND" is a find, and a limit is none.
#pragma once

#include <string_view>

namespace scannerqube {

enum class Meaning {
  signature,     // a signature matched
  suspicion,     // a heuristic: odd, perhaps unwanted
  not_examined,  // a limit, or something encrypted: the engine could not look
  ours,          // what the engine calls a stop that this program asked for
};

Meaning meaning_of(std::string_view detection);

// A layer that the engine knows by its type but cannot open, with the reason; empty: it can.
// `type` is libclamav's ("CL_TYPE_RAR").
std::string_view cannot_open(std::string_view type);

}  // namespace scannerqube
