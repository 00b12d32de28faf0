// SPDX-License-Identifier: GPL-2.0-or-later
// A scan as people ask for it: of a snapshot, in a scanner qube that waits, to the signed report.
#pragma once

#include <memory>

#include "tests/scan-qube/daemons.hpp"

namespace bench {

class QubeScanner {
 public:
  // The daemons, with these signatures, and a snapshot of the image, read whole.
  static base::Result<std::unique_ptr<QubeScanner>> start(const std::filesystem::path& folder,
                                                          const std::filesystem::path& signatures,
                                                          const std::filesystem::path& image);
  // Seconds from the request to the report, once a qube waits. An error unless exactly the planted
  // file was found.
  base::Result<double> scan();

 private:
  explicit QubeScanner(const std::filesystem::path& folder) : daemons_(folder) {}
  bool waits() const;

  scanqube::Daemons daemons_;
  std::unique_ptr<scanqube::Daemons::Medium> medium_;
};

}  // namespace bench
