// SPDX-License-Identifier: GPL-2.0-or-later
// The files of a medium that may be given out once they are found clean: what a release list has
// room for.
//
// Pure.
#pragma once

#include <optional>

#include "scanner-qube/release/release_list.hpp"
#include "scanner-qube/scan/medium_report.hpp"

namespace scannerqube {

class CleanFiles {
 public:
  // nullopt: a list cannot say where it is, or there is no room for it. Then it is not given out.
  std::optional<CandidateId> add(std::uint32_t part, const volume::Entry& entry,
                                 const base::hash::Digest& sha256);
  void found_clean(CandidateId file);
  // Those that were found clean, in the order of add().
  release::ReleaseList take();

 private:
  struct Candidate {
    release::ReleasedFile file;
    bool clean = false;
  };
  std::vector<Candidate> candidates_;
  std::size_t bytes_ = release::list_header;
  std::uint64_t content_ = 0;
};

}  // namespace scannerqube
