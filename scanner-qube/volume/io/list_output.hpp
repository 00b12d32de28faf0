// SPDX-License-Identifier: GPL-2.0-or-later
// A report for people, a thing a line, and for programs, as JSON.
#pragma once

#include "scanner-qube/volume/io/examine.hpp"

namespace scannerqube::volume {

// Bytes that are no printable ASCII are \xHH, in both forms.
std::string as_lines(const Report& report);
std::string as_json(const Report& report);

}  // namespace scannerqube::volume
