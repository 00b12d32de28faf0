// SPDX-License-Identifier: GPL-2.0-or-later
// A statement and its signature as a file of two lines:
//
//   {"approved":...,"verdict":"clean"}
//   {"key":"16 DIGITS","signature":"128 DIGITS"}
//
// Signed is base::sign's prefix for scan statements, then line 1 without its newline. Nobody has to
// understand the JSON to check it, and nothing of it is read before it is checked.
//
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/sign/ed25519.hpp"
#include "scanner-qube/report/scan_report.hpp"

namespace scannerqube::report {

// With what dom0 adds.
inline constexpr std::size_t max_statement_bytes = max_report_bytes + std::size_t{64} * 1024;
inline constexpr std::size_t max_signed_bytes = max_statement_bytes + 256;

struct SignedText {
  std::string_view line;  // borrowed from the text
  std::string key_id;     // a claim
  base::sign::Signature signature;
};

std::string sign_line(const base::sign::KeyPair& pair, std::string_view line);
base::Result<SignedText> split_signed(std::string_view untrusted);
// Line 1, if this key signed it. Borrowed from the text.
base::Result<std::string_view> open_signed(const base::sign::PublicKey& key,
                                           std::string_view untrusted);

}  // namespace scannerqube::report
