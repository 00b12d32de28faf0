// SPDX-License-Identifier: GPL-2.0-or-later
// clamscan, and clamd with clamdscan, with our limits and settings where they have them.
#pragma once

#include <filesystem>
#include <string>

#include "tests/bench/scan_cost.hpp"
#include "tests/rig/child.hpp"

namespace bench {

// A daemon with signatures loaded, and its client. It runs as long as the object lives.
class Clamd {
 public:
  static base::Result<Clamd> start(const std::filesystem::path& folder,
                                   const std::filesystem::path& signatures);
  // `clamdscan --multiscan --fdpass`; the daemon's time is counted in. An error unless exactly the
  // planted file was found.
  base::Result<Cost> scan(const std::filesystem::path& tree) const;

 private:
  Clamd(std::filesystem::path folder, rig::Child daemon)
      : folder_(std::move(folder)), daemon_(std::move(daemon)) {}
  std::filesystem::path folder_;
  rig::Child daemon_;
};

// One process that loads the signatures first.
base::Result<Cost> clamscan(const std::filesystem::path& folder, const std::filesystem::path& tree,
                            const std::filesystem::path& signatures);

}  // namespace bench
