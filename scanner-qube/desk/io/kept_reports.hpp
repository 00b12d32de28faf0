// SPDX-License-Identifier: GPL-2.0-or-later
// The signed reports that are kept, by the root hash of the bytes, and their lists of clean files.
#pragma once

#include <filesystem>
#include <string>

#include "base/io/paths.hpp"
#include "base/sign/ed25519.hpp"
#include "scanner-qube/report/statement.hpp"

namespace scannerqube::desk {

struct KeptReport {
  std::string signed_text;
  report::Statement statement;  // with a report in it
};

class KeptReports {
 public:
  static std::filesystem::path folder_in(const base::io::Paths& paths) {
    return paths.scans() / "reports";
  }
  KeptReports(const base::io::Paths& paths, const base::sign::KeyPair& key)
      : folder_(folder_in(paths)), key_(key) {}

  // Whether there is one, whatever it is.
  bool has(const base::hash::Digest& root) const;
  // One that is signed, of these bytes, and not of a scan that failed.
  base::Result<KeptReport> read(const base::hash::Digest& root) const;
  // The list that was kept with this report, signed (release/signed_list.hpp).
  base::Result<std::string> read_list(const KeptReport& report) const;
  // Both together, in place of the last ones; `list` may be empty: there is none. A failed scan
  // takes the place of no other.
  base::Status keep(const report::Statement& statement, std::string_view signed_text,
                    std::string_view list) const;

 private:
  std::filesystem::path place(const base::hash::Digest& root, const char* what) const;

  std::filesystem::path folder_;
  const base::sign::KeyPair& key_;
};

}  // namespace scannerqube::desk
