// SPDX-License-Identifier: GPL-2.0-or-later
// What a scan found on a medium, and the verdict that follows.
#pragma once

#include <string>
#include <vector>

#include "scanner-qube/engine/file_result.hpp"
#include "scanner-qube/volume/listing.hpp"

namespace scannerqube {

inline constexpr std::size_t max_reported_files = 10'000;     // those with something to say
inline constexpr std::size_t max_reported_findings = 10'000;  // of tables and file systems

struct ScannedFile {
  std::uint32_t part = 0;
  std::string path;  // the medium's bytes: escape before showing them
  bool deleted = false;
  FileResult result;
};

// Clean files are only counted. What is beyond the bounds changes no verdict and is counted.
struct MediumReport {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t clean_files = 0;
  std::uint64_t infected_files = 0;
  std::uint64_t incomplete_files = 0;
  std::uint64_t suspicious_files = 0;
  std::vector<ScannedFile> told;          // not clean
  std::vector<volume::Finding> findings;  // of tables, file systems and names
  std::uint64_t findings_left_out = 0;
  bool gap = false;  // a part was not read, or is in doubt

  void add(ScannedFile file);
  void add(const volume::Finding& finding);
  Verdict verdict() const;
};

}  // namespace scannerqube
