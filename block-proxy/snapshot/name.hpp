// SPDX-License-Identifier: GPL-2.0-or-later
// What a snapshot may be called: it is the name of its folder.
//
// Pure.
#pragma once

#include <string_view>

namespace blockproxy::snapshot {

// 1 to 64 of A-Z a-z 0-9 . _ -, not beginning with . or -.
bool valid_name(std::string_view name);

}  // namespace blockproxy::snapshot
