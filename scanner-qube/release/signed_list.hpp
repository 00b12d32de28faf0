// SPDX-License-Identifier: GPL-2.0-or-later
// A list of clean files with the word of who checked it that it belongs to one signed report:
//
//   REPORT-SHA256 LIST-SHA256\n
//   SIGNATURE\n
//   the list's bytes
//
// Signed is base::sign's prefix for release lists, then the first line without its newline. The
// first digest is that of the signed report, both its lines: with another report it is no list.
//
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/sign/ed25519.hpp"
#include "scanner-qube/release/limits.hpp"

namespace scannerqube::release {

inline constexpr std::size_t signed_list_head = 64 + 1 + 64 + 1 + 128 + 1;
inline constexpr std::size_t max_signed_list = signed_list_head + max_list_bytes;

std::string sign_list(const base::sign::KeyPair& pair, std::string_view signed_report,
                      std::string_view list);
// The list's bytes, borrowed; not parsed.
base::Result<std::string_view> open_list(const base::sign::PublicKey& key,
                                         std::string_view signed_report,
                                         std::string_view untrusted);

}  // namespace scannerqube::release
