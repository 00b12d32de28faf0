// SPDX-License-Identifier: GPL-2.0-or-later
// What is odd in the names of a listing, as findings.
#pragma once

#include "scanner-qube/volume/listing.hpp"

namespace scannerqube::volume {

inline constexpr std::size_t max_odd_names = 512;

std::vector<Finding> name_findings(const Listing& listing);

}  // namespace scannerqube::volume
