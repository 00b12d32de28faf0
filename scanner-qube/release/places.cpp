// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/places.hpp"

#include <algorithm>

namespace scannerqube::release {
namespace {

std::uint64_t clusters_of(std::uint64_t bytes, std::uint64_t cluster) {
  return bytes / cluster + (bytes % cluster != 0 ? 1 : 0);
}

// The last that begins at or before `cluster`: of several, empty ones come first.
std::uint32_t index_at(const std::vector<std::uint32_t>& firsts, std::uint32_t cluster) {
  return static_cast<std::uint32_t>(std::ranges::upper_bound(firsts, cluster) - firsts.begin() - 1);
}

}  // namespace

std::uint64_t Places::needed(const Request& request) {
  std::uint64_t all = 0;  // sizes add up to at most max_content_bytes and what is in memory
  for (const std::uint64_t bytes : request.folder_bytes) all += clusters_of(bytes, request.cluster);
  for (std::uint32_t i = 0; i < request.contents.items(); ++i) {
    all += clusters_of(request.contents.size(i), request.cluster);
  }
  return all;
}

Places::Places(const Request& request, std::uint32_t first) {
  folders_.reserve(request.folder_bytes.size() + 1);
  folders_.push_back(first);
  for (const std::uint64_t bytes : request.folder_bytes) {
    first += static_cast<std::uint32_t>(clusters_of(bytes, request.cluster));
    folders_.push_back(first);
  }
  items_.reserve(std::size_t{request.contents.items()} + 1);
  items_.push_back(first);
  for (std::uint32_t i = 0; i < request.contents.items(); ++i) {
    first += static_cast<std::uint32_t>(clusters_of(request.contents.size(i), request.cluster));
    items_.push_back(first);
  }
}

std::uint32_t Places::item(std::uint32_t index) const {
  return items_[index] == items_[index + 1] ? 0 : items_[index];
}

Places::Run Places::at(std::uint32_t cluster) const {
  if (cluster < folders_.front() || cluster >= items_.back()) return {};
  const bool in_folder = cluster < folders_.back();
  const auto& firsts = in_folder ? folders_ : items_;
  const std::uint32_t index = index_at(firsts, cluster);
  return {.kind = in_folder ? Run::Kind::folder : Run::Kind::item,
          .index = index,
          .first = firsts[index],
          .end = firsts[index + 1]};
}

}  // namespace scannerqube::release
