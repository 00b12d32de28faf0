// SPDX-License-Identifier: GPL-2.0-or-later
// Contents of one medium that were scanned already or are under way: nobody scans them again.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "scanner-qube/cache/cache_list.hpp"
#include "scanner-qube/scan/medium_report.hpp"

namespace scannerqube {

// Pure. What is beyond max_seen is scanned as often as it comes.
class SeenContents {
 public:
  static constexpr std::size_t max_seen = 500'000;
  static constexpr std::size_t max_kept_results = max_reported_files;  // of what is not clean

  // scan: it is to be scanned, and answered() called; wait: another one with this content is under
  // way, and `file` was taken over, to come out of answered(); known: file.result is filled.
  enum class Next { scan, wait, known };
  Next add(const ContentKey& content, ScannedFile& file);
  // The files that waited, with this result. Not clean counts for them as it does for the first.
  std::vector<ScannedFile> answered(const ContentKey& content, const FileResult& result);

 private:
  struct Content {
    bool under_way = true;
    std::optional<FileResult> not_clean = {};
    std::vector<ScannedFile> waiting = {};
  };
  std::map<ContentKey, Content> contents_;
  std::size_t kept_ = 0;
};

}  // namespace scannerqube
