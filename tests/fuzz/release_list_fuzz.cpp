// SPDX-License-Identifier: GPL-2.0-or-later
// Release lists of a scanner qube that the medium may have taken over: what is accepted is written
// as it was read, in whatever pieces it came.
#include <algorithm>
#include <cstdlib>

#include "scanner-qube/release/release_list.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace scannerqube::release;
  constexpr std::uint64_t medium_size = std::uint64_t{1} << 30;
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  const auto whole = parse_list(bytes, medium_size);
  ListParser parser(medium_size);
  const std::size_t step = data[0] + std::size_t{1};
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    if (!parser.push(bytes.subspan(at, std::min(step, bytes.size() - at)))) break;
  }
  const auto pieces = parser.finish();
  if (whole.has_value() != pieces.has_value()) std::abort();
  if (!whole) return 0;
  if (*whole != *pieces) std::abort();
  // Only of a file without bytes there are two ways to write it.
  const bool has_empty =
      std::ranges::find(*whole, std::uint64_t{0}, &ReleasedFile::size) != whole->end();
  if (!has_empty && !std::ranges::equal(encode(*whole), bytes)) std::abort();
  for (const ReleasedFile& file : *whole) {
    if (!consistent(file)) std::abort();
    for (const auto& extent : file.extents) {
      if (extent.where.offset > medium_size) std::abort();
    }
  }
  return 0;
}
