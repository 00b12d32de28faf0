// SPDX-License-Identifier: GPL-2.0-or-later
// The command line of sallyport-release-volume.
#pragma once

#include <string>
#include <vector>

#include "scanner-qube/release/io/release_target.hpp"
#include "scanner-qube/release/volume.hpp"

namespace scannerqube::release {

extern const char* const release_usage;

struct ReleaseArguments {
  std::string image;
  std::string list;
  std::string to;
  std::string report;  // a file; empty: none
  Overwrite overwrite = Overwrite::no;
  VolumeOptions options;

  static base::Result<ReleaseArguments> parse(const std::vector<std::string>& words);
};

}  // namespace scannerqube::release
