// SPDX-License-Identifier: GPL-2.0-or-later
// Rows of text as aligned columns with two blanks between, like column(1).
#pragma once

#include <string>
#include <vector>

namespace cli {

using Row = std::vector<std::string>;

// Every column but the last is padded to its widest cell. All rows have as many cells.
std::string format_table(const std::vector<Row>& rows);

}  // namespace cli
