// SPDX-License-Identifier: GPL-2.0-or-later
// Bundles made by hand: each part can be made wrong.
#pragma once

#include <string>
#include <vector>

#include "base/sign/ed25519.hpp"
#include "scanner-qube/database/manifest.hpp"

namespace tests::bundles {

namespace db = scannerqube::database;

base::hash::Digest sha256(const std::string& content);
db::DatabaseFile file(const std::string& name, const std::string& content);
db::SelfTest test(const std::string& name, const std::string& content);
db::SelfTest test(const std::string& name, const std::string& content,
                  const std::string& signature);

// 512 bytes as ClamAV writes them.
std::string container_header(std::uint32_t version, std::int64_t built, std::uint32_t level = 90);

struct Parts {
  db::Manifest manifest;
  std::vector<std::string> contents;  // in the order of the manifest
};
// Two files of signatures, which find the test file and clamav-testfiles' sample, and three of the
// self-test.
Parts good_parts(std::uint64_t serial = 7, std::int64_t created = 1'795'000'000);

// Header and manifest; everything.
std::string head(const base::sign::KeyPair& key, const std::string& manifest_text);
std::string bundle(const base::sign::KeyPair& key, const Parts& parts);
std::string bundle(const base::sign::KeyPair& key, const std::string& manifest_text,
                   const std::vector<std::string>& contents);

}  // namespace tests::bundles
