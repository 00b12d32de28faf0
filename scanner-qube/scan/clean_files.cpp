// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/scan/clean_files.hpp"

#include <utility>

#include "scanner-qube/release/from_entry.hpp"

namespace scannerqube {

std::optional<CandidateId> CleanFiles::add(std::uint32_t part, const volume::Entry& entry,
                                           const base::hash::Digest& sha256) {
  if (candidates_.size() >= release::max_files) return std::nullopt;
  auto file = release::released_file(entry, sha256);
  if (!file) return std::nullopt;
  file->part = part;
  const std::size_t bytes = release::encoded_size(*file);
  const bool fits = bytes <= release::max_list_bytes - bytes_ &&
                    file->size <= release::max_content_bytes - content_;
  if (!fits) return std::nullopt;
  bytes_ += bytes;
  content_ += file->size;
  candidates_.push_back({.file = *std::move(file)});
  return CandidateId{static_cast<std::uint32_t>(candidates_.size() - 1)};
}

void CleanFiles::found_clean(CandidateId file) { candidates_[file.value].clean = true; }

release::ReleaseList CleanFiles::take() {
  release::ReleaseList list;
  for (Candidate& each : std::exchange(candidates_, {})) {
    if (each.clean) list.push_back(std::move(each.file));
  }
  return list;
}

}  // namespace scannerqube
