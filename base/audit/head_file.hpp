// SPDX-License-Identifier: GPL-2.0-or-later
// Where the chain stood last, kept beside the log: a log that ends before it was cut. Fixed size,
// so that it is written over in one piece: "SEQ HASH\n", blanks before the newline.
//
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/audit/chain.hpp"

namespace base::audit {

inline constexpr std::size_t head_file_size = 96;

std::string format_head(const Head& head);
std::optional<Head> parse_head(std::string_view untrusted);

}  // namespace base::audit
