// SPDX-License-Identifier: GPL-2.0-or-later
// Partition tables that kernels know and nothing here reads: behind one there may be more parts.
#pragma once

#include "scanner-qube/volume/listing.hpp"

namespace scannerqube::volume {

// Their names, each once: on the medium itself, and in the parts of its own table.
std::vector<std::string> foreign_tables(const Source& source, const std::vector<Part>& parts);

}  // namespace scannerqube::volume
