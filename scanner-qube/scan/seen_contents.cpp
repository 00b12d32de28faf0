// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/scan/seen_contents.hpp"

#include <utility>

namespace scannerqube {

SeenContents::Next SeenContents::add(const ContentKey& content, ScannedFile& file) {
  const auto known = contents_.find(content);
  if (known == contents_.end()) {
    if (contents_.size() < max_seen) contents_.emplace(content, Content{});
    return Next::scan;
  }
  if (known->second.under_way) {
    known->second.waiting.push_back(std::move(file));
    return Next::wait;
  }
  if (known->second.not_clean) file.result = *known->second.not_clean;
  return Next::known;
}

std::vector<ScannedFile> SeenContents::answered(const ContentKey& content,
                                                const FileResult& result) {
  const auto known = contents_.find(content);
  if (known == contents_.end()) return {};
  std::vector<ScannedFile> waited = std::exchange(known->second.waiting, {});
  for (ScannedFile& file : waited) file.result = result;
  known->second.under_way = false;
  if (result.verdict() == Verdict::clean) return waited;
  if (kept_ < max_kept_results) {
    ++kept_;
    known->second.not_clean = result;
  } else {
    contents_.erase(known);  // forgotten, and so scanned again: never taken for clean
  }
  return waited;
}

}  // namespace scannerqube
