// SPDX-License-Identifier: GPL-2.0-or-later
// A database that was imported: what its bundle said, and what was found out when it came.
#pragma once

#include <cstdint>
#include <string>

#include "scanner-qube/database/engine_facts.hpp"
#include "scanner-qube/database/last_import.hpp"
#include "scanner-qube/database/manifest.hpp"

namespace scannerqube::database {

// Kept beside the files.
struct ImportRecord {
  std::string signer;         // the id of the key that the bundle was signed with
  std::int64_t imported = 0;  // seconds since 1970
  EngineFacts engine;         // that has loaded it
};

inline constexpr std::size_t max_import_record = 512;
// "SIGNER IMPORTED\n" and the engine's line.
std::string encode(const ImportRecord& record);
base::Result<ImportRecord> parse_import_record(std::string_view text);

struct Published {
  Manifest manifest;
  base::hash::Digest digest = {};  // of the manifest: what reports name the database by
  ImportRecord record;

  LastImport as_import() const {
    return {.serial = manifest.serial, .created = manifest.created, .digest = digest};
  }
};

}  // namespace scannerqube::database
