// SPDX-License-Identifier: GPL-2.0-or-later
// The scanner's own libraries over an image, as sallyport-scan-image uses them.
#pragma once

#include <filesystem>
#include <memory>

#include "scanner-qube/engine/scan_engine.hpp"
#include "scanner-qube/scan/medium_report.hpp"
#include "tests/bench/scan_cost.hpp"

namespace bench {

class OurScanner {
 public:
  // Signatures are loaded, as a daemon's are.
  static base::Result<OurScanner> load(const std::filesystem::path& folder,
                                       const std::filesystem::path& signatures);

  // Forking of workers, walk, scan. An error unless exactly the planted file was found.
  base::Result<Cost> scan(const std::filesystem::path& image);
  // The same with a cache of what scan() found clean on it.
  base::Result<Cost> scan_again(const std::filesystem::path& image);

 private:
  OurScanner(std::filesystem::path folder, std::unique_ptr<scannerqube::ScanEngine> engine)
      : folder_(std::move(folder)), engine_(std::move(engine)) {}

  std::filesystem::path folder_;
  std::unique_ptr<scannerqube::ScanEngine> engine_;
  scannerqube::MediumReport last_;
};

// Tables, both readers of the file system, names, and each file's bytes read and hashed; nothing is
// scanned. Files a second.
base::Result<double> walk(const std::filesystem::path& image);

}  // namespace bench
