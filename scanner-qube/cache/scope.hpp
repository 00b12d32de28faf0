// SPDX-License-Identifier: GPL-2.0-or-later
// What a verdict was said with, as digests: settings from the engine's own words, signatures from
// the files they are in.
#pragma once

#include <string>
#include <vector>

#include "base/hash/digest.hpp"
#include "scanner-qube/engine/scan_engine.hpp"

namespace scannerqube {

// A file of signatures: its name without folders, and the SHA-256 of its bytes.
struct DatabaseFile {
  std::string name;
  base::hash::Digest sha256 = {};
};
// SHA-256 of all of them in the order of names and digests: u16 length, name, digest.
base::hash::Digest database_digest(std::vector<DatabaseFile> files);

// SHA-256 of everything but signatures that a verdict depends on. Raise `verdict_rules` when this
// program judges the same answers of an engine otherwise.
inline constexpr unsigned verdict_rules = 2;
base::hash::Digest options_digest(const EngineInfo& engine);

}  // namespace scannerqube
