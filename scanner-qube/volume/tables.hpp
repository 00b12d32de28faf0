// SPDX-License-Identifier: GPL-2.0-or-later
// Partition tables: MBR with extended partitions, GPT with both its copies, mixtures, none.
//
// Every table that a reader might go by is listed, also where they contradict each other; what is
// wrong is a finding. Pure, but for the reads.
#pragma once

#include "scanner-qube/volume/listing.hpp"

namespace scannerqube::volume {

struct Layout {
  std::vector<Part> parts = {};  // in the order of their offsets, inside the medium
  std::vector<Area> areas = {};  // boot code, tables, and what no part covers
  std::vector<Finding> findings = {};
};

Layout read_tables(const Source& source);

}  // namespace scannerqube::volume
