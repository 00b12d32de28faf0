// SPDX-License-Identifier: GPL-2.0-or-later
// Partition tables of any medium: every part and area lies on it.
#include <cstdlib>

#include "scanner-qube/volume/recognise.hpp"
#include "scanner-qube/volume/tables.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace scannerqube::volume;
  const MemorySource source(std::as_bytes(std::span(data, size)));
  const Layout layout = read_tables(source);
  if (layout.parts.size() > max_parts) std::abort();
  for (const Part& part : layout.parts) {
    if (part.where.offset > size || part.where.end() > size) std::abort();
    if (recognise(source, part.where).kinds.empty()) std::abort();
  }
  return 0;
}
