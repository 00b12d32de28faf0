// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/scan/area_hashes.hpp"

#include <algorithm>

namespace scannerqube {
namespace {

constexpr std::size_t piece = std::size_t{256} << 10U;

}  // namespace

HashedArea AreaHashes::read(const volume::Area& area) {
  HashedArea hashed{.area = area};
  if (area.where.length > room_) return hashed;
  room_ -= area.where.length;
  buffer_.resize(piece);
  sha256_.begin();
  bool zeros = true;
  for (std::uint64_t done = 0; done < area.where.length;) {
    if (Clock::now() >= until_) return hashed;
    alive_();
    const auto wanted = std::min<std::uint64_t>(piece, area.where.length - done);
    const auto part = std::span(buffer_).first(static_cast<std::size_t>(wanted));
    const auto got = source_.read(area.where.offset + done, part);
    if (!got || *got == 0) {
      findings_.push_back(volume::finding(
          volume::Concern::read_error,
          "unreadable outside of all parts, at byte " + std::to_string(area.where.offset + done)));
      return hashed;
    }
    const auto bytes = part.first(*got);
    zeros = zeros && base::wire::all_zeros(bytes);
    sha256_.add(bytes);
    done += *got;
  }
  hashed.sha256 = sha256_.end();
  hashed.zeros = zeros;
  return hashed;
}

}  // namespace scannerqube
