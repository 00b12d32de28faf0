// SPDX-License-Identifier: GPL-2.0-or-later
// The files that a bundle is made of: found, measured and hashed.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "scanner-qube/database/manifest.hpp"

namespace scannerqube::database::io {

struct BundleSources {
  std::vector<std::filesystem::path> files;       // as in the manifest
  std::vector<std::filesystem::path> self_tests;  // the same
  std::vector<std::string> left_out;
  Manifest manifest;  // its two lists, and minimum_engine
};

base::Result<BundleSources> find_sources(const std::vector<std::filesystem::path>& folders,
                                         const std::optional<std::filesystem::path>& self_tests);

struct Measured {
  std::uint64_t size = 0;
  base::hash::Digest sha256 = {};
  std::string beginning;  // its first 512 bytes
};
// Reads a regular file of at most `most` bytes; what was read goes to `each`, which may be empty.
base::Result<Measured> measure(const std::filesystem::path& path, std::uint64_t most,
                               const std::function<base::Status(base::wire::Bytes)>& each);

}  // namespace scannerqube::database::io
