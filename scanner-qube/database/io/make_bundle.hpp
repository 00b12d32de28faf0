// SPDX-License-Identifier: GPL-2.0-or-later
// Makes a bundle of what is in some folders.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/sign/ed25519.hpp"
#include "scanner-qube/database/manifest.hpp"

namespace scannerqube::database::io {

struct MakeOptions {
  std::vector<std::filesystem::path> folders;  // of files of signatures
  // With folders `clean` and `found`; in the latter a folder for each name of a signature.
  std::optional<std::filesystem::path> self_tests;
  std::filesystem::path out;  // is not there yet
  Serial serial;
  std::int64_t now = 0;  // seconds since 1970
};

struct Made {
  Manifest manifest;
  std::vector<std::string> left_out;  // files of the folders, each with the reason
};

// The engine that the bundle asks for is the newest one that a .cvd or .cld in it was made for.
base::Result<Made> make_bundle(const MakeOptions& options, const base::sign::KeyPair& key);

}  // namespace scannerqube::database::io
