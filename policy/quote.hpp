// SPDX-License-Identifier: GPL-2.0-or-later
// Quotes text in messages as Qubes does ('x', or "x" around a single quote), made safe to show.
#pragma once

#include <string>
#include <string_view>

namespace policy {

std::string quote(std::string_view untrusted);

}  // namespace policy
