// SPDX-License-Identifier: GPL-2.0-or-later
// SALLYPORT-MANIFEST.TXT: what each file is called now, what it was called, its size and hash.
//
// Two lines a file, the second as sha256sum writes it: `sha256sum -c SALLYPORT-MANIFEST.TXT` checks
// a volume. Never held as a whole: a record is written when it is read.
#pragma once

#include <span>
#include <string>

#include "scanner-qube/release/release_list.hpp"
#include "scanner-qube/release/safe_names.hpp"

namespace scannerqube::release {

inline constexpr std::string_view manifest_name = "SALLYPORT-MANIFEST.TXT";
inline constexpr std::string_view report_name = "SALLYPORT-REPORT.TXT";

// Printable lines of "# ...", so that sha256sum passes them over.
bool is_note(std::string_view text);

class Manifest {
 public:
  // What it tells of: borrowed for each call, and the same each time.
  struct Subject {
    const ReleaseList& list;
    const SafeNames& names;
    std::string_view note;
    std::string_view report;
    base::hash::Digest report_sha256;
  };
  Manifest() = default;
  explicit Manifest(const Subject& subject);

  std::uint64_t size() const { return ends_.empty() ? 0 : ends_.back(); }
  // Its bytes from `offset` on, which is within it with `out`.
  void read(const Subject& subject, std::uint64_t offset, std::span<std::byte> out) const;

 private:
  std::vector<std::uint64_t> ends_;  // of the head, each file's record, the report's
};

}  // namespace scannerqube::release
