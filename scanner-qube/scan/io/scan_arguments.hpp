// SPDX-License-Identifier: GPL-2.0-or-later
// The command line of sallyport-scan-image.
#pragma once

#include <string>
#include <vector>

#include "base/hash/digest.hpp"
#include "base/wire/result.hpp"
#include "scanner-qube/report/scan_report.hpp"

namespace scannerqube::io {

extern const char* const scan_usage;

struct ScanArguments {
  std::string image;
  std::vector<std::string> databases;
  report::DatabaseInfo database;  // what the caller says of them; the report passes it on
  unsigned workers = 0;           // 0: one for each processor
  std::string cache;              // a file of verdict_cache; empty: none
  std::string cache_key;          // the file with the public key that it is signed with
  std::string cache_out;          // what it could learn; empty: not wanted
  base::hash::Digest cache_medium = {};
  std::string passphrase_file;  // empty: encrypted parts are not opened
  unsigned seconds = 0;         // of the whole scan; 0: as long as usual
  bool deleted = false;
  bool json = false;
  bool help = false;

  static base::Result<ScanArguments> parse(const std::vector<std::string>& words);
};

}  // namespace scannerqube::io
