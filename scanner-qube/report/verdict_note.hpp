// SPDX-License-Identifier: GPL-2.0-or-later
// What became of a snapshot's scan, in a line: all that policy asks, without the report.
//
//   SNAPSHOT ROOT VERDICT DATABASE-DATE ENDED\n
//   SIGNATURE\n
//
// The snapshot's id (32 digits) and root (64) in hexadecimal, times in seconds since 1970. Signed
// is base::sign's prefix for verdicts, then the first line without its newline. A sealed snapshot
// never changes, so the note holds for it as long as it is there.
//
// Pure.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/hash/digest.hpp"
#include "base/sign/ed25519.hpp"
#include "scanner-qube/verdict.hpp"

namespace scannerqube::report {

using SnapshotId = std::array<std::byte, 16>;

struct VerdictNote {
  SnapshotId snapshot = {};
  base::hash::Digest root = {};
  Verdict verdict = Verdict::failed;
  std::int64_t database_date = 0;
  std::int64_t ended = 0;
  friend bool operator==(const VerdictNote&, const VerdictNote&) = default;
};

inline constexpr std::size_t max_note = 512;

std::string sign_note(const base::sign::KeyPair& pair, const VerdictNote& note);
// Only what this key signed, and only as sign_note() writes it.
base::Result<VerdictNote> open_note(const base::sign::PublicKey& key, std::string_view untrusted);

}  // namespace scannerqube::report
