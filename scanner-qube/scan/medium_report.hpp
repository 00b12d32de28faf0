// SPDX-License-Identifier: GPL-2.0-or-later
// What a scan found on a medium, and the verdict that follows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/wire/strong.hpp"
#include "scanner-qube/cache/cache_list.hpp"
#include "scanner-qube/engine/file_result.hpp"
#include "scanner-qube/volume/listing.hpp"

namespace scannerqube {

inline constexpr std::size_t max_reported_files = 10'000;     // those with something to say
inline constexpr std::size_t max_reported_findings = 10'000;  // of tables and file systems

// Its place among those that could be given out (clean_files.hpp).
using CandidateId = base::Strong<struct CandidateTag, std::uint32_t>;

struct ScannedFile {
  std::uint32_t part = 0;
  std::string path;  // the medium's bytes: escape before showing them
  bool deleted = false;
  FileResult result;
  std::optional<CandidateId> candidate = {};
};

// Of no file system: boot code, tables, what lies between and behind the parts.
struct HashedArea {
  volume::Area area = {};
  base::hash::Digest sha256 = {};  // zeros: it was not read
  bool zeros = false;              // there is nothing else in it
  friend bool operator==(const HashedArea&, const HashedArea&) = default;
};

// Clean files are only counted. What is beyond the bounds changes no verdict and is counted.
struct MediumReport {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t clean_files = 0;
  std::uint64_t infected_files = 0;
  std::uint64_t incomplete_files = 0;
  std::uint64_t suspicious_files = 0;
  std::uint64_t files_from_cache = 0;     // of the clean ones: not scanned, the cache knows them
  std::uint64_t repeated_files = 0;       // with the content of another one, scanned once
  std::vector<ScannedFile> told;          // not clean
  std::vector<ContentKey> scanned_clean;  // at most max_cached; what a cache could learn
  std::vector<volume::Finding> findings;  // of tables, file systems and names
  std::uint64_t findings_left_out = 0;
  std::vector<HashedArea> areas;  // at most volume::max_areas
  bool gap = false;               // a part was not read, or is in doubt
  // Encrypted, and opened with the passphrase that was given; ascending.
  std::vector<std::uint32_t> opened_parts;

  // An infected file takes the place of a milder one where there is no room.
  void add(ScannedFile file);
  void add(const volume::Finding& finding);
  void add_scanned_clean(const ContentKey& content);
  Verdict verdict() const;

 private:
  std::size_t infected_to_ = 0;  // told before this are infected
};

}  // namespace scannerqube
