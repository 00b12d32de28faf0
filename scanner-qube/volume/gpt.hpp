// SPDX-License-Identifier: GPL-2.0-or-later
// One copy of a GUID partition table: UEFI 2.10, 5.3.
#pragma once

#include "scanner-qube/volume/listing.hpp"

namespace scannerqube::volume {

struct Gpt {
  std::vector<Part> parts = {};    // as the table has them: not yet checked against the medium
  std::vector<Range> tables = {};  // header and entries
  std::uint64_t other = 0;         // byte offset of the other copy's header
  std::vector<std::string> damages = {};
};

// nullopt: there is no such header at this byte offset.
std::optional<Gpt> read_gpt(const Source& source, std::uint64_t offset, std::uint32_t sector,
                            TableKind kind);

std::uint32_t crc32(base::wire::Bytes bytes);

}  // namespace scannerqube::volume
