// SPDX-License-Identifier: GPL-2.0-or-later
// What came of one file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/hash/digest.hpp"
#include "scanner-qube/verdict.hpp"

namespace scannerqube {

inline constexpr std::size_t max_findings = 32;       // of one file
inline constexpr std::size_t max_not_examined = 32;   // reasons of one file
inline constexpr std::size_t max_finding_text = 256;  // bytes of each text in them

// `where`: the archive member that was announced last before it, as the archive calls it; empty:
// the file itself, or an archive that names none.
struct Finding {
  enum class Kind : std::uint8_t { signature, suspicion } kind = Kind::signature;
  std::string name;
  std::string where;
};

struct FileResult {
  std::uint64_t size = 0;
  base::hash::Digest sha256 =
      {};  // of the bytes that were given to be scanned; zeros: not all were had
  std::uint32_t members = 0;
  std::vector<Finding> findings;
  std::vector<std::string> not_examined;  // what, and why

  // Both keep what came first, each text once; what is beyond the bound changes no verdict.
  void add_finding(Finding::Kind kind, std::string_view name, std::string_view where);
  void add_not_examined(std::string_view why);
  Verdict verdict() const;
};

}  // namespace scannerqube
