// SPDX-License-Identifier: GPL-2.0-or-later
// The records of an ISO 9660 folder (ECMA-119, 9.1), with the Rock Ridge fields that change where
// content is or what it means.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/wire/reader.hpp"
#include "scanner-qube/volume/iso/descriptor.hpp"

namespace scannerqube::volume::iso {

// Where more Rock Ridge fields stand (SUSP, "CE").
struct Continuation {
  std::uint32_t block = 0;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
};
struct Fields {
  bool compressed = false;                      // "ZF": zisofs
  std::optional<std::uint32_t> relocated = {};  // "CL": a folder that stands in for this
  std::optional<Continuation> continued = {};
};
Fields parse_fields(base::wire::Bytes untrusted);

struct FolderRecord {
  enum class Kind : std::uint8_t { file, folder, self, parent } kind = Kind::file;
  std::string name = {};    // without its version, UTF-8 of Joliet
  std::uint64_t first = 0;  // block, behind an extended attribute record
  std::uint32_t size = 0;
  bool continues = false;  // the next record is a further part of the same file
  Fields fields = {};
  std::string damage = {};
};

// Cuts one sector into records.
class Sector {
 public:
  Sector(base::wire::Bytes untrusted, Letters letters) : in_(untrusted), letters_(letters) {}
  // nullopt: no more. A record that cannot be ends the sector, and `damage` says why.
  std::optional<FolderRecord> next();
  const std::string& damage() const { return damage_; }

 private:
  std::optional<FolderRecord> bad(std::string why);

  base::wire::Reader in_;
  Letters letters_;
  std::string damage_;
};

}  // namespace scannerqube::volume::iso
