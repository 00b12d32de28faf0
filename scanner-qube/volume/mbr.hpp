// SPDX-License-Identifier: GPL-2.0-or-later
// A master boot record and its chain of extended boot records.
#pragma once

#include "scanner-qube/volume/listing.hpp"

namespace scannerqube::volume {

struct Mbr {
  std::vector<Part> parts =
      {};  // without the 0xee of a GPT and without extended partitions themselves
  std::vector<Range> tables = {};  // sectors with a table
  std::vector<Finding> findings = {};
  bool protective = false;  // there is a 0xee
};

// nullopt: the first sector is no table: no 55 aa, or entries that cannot be.
std::optional<Mbr> read_mbr(const Source& source, std::uint32_t sector);

}  // namespace scannerqube::volume
