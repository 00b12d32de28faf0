// SPDX-License-Identifier: GPL-2.0-or-later
// Which signatures are in use: for people, and for programs.
#pragma once

#include <cstdint>
#include <string>

#include "scanner-qube/database/io/database_store.hpp"

namespace scannerqube::database::io {

// `now`: seconds since 1970.
std::string status_lines(const Current& current, std::int64_t now);
// One line. `age_days` is null where the age cannot be told: that is too old, not new.
std::string status_json(const Current& current, std::int64_t now);

}  // namespace scannerqube::database::io
