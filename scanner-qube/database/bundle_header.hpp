// SPDX-License-Identifier: GPL-2.0-or-later
// The first bytes of a bundle: all that is read of it before its signature is checked.
#pragma once

#include <cstdint>
#include <vector>

#include "base/sign/ed25519.hpp"
#include "base/wire/reader.hpp"
#include "base/wire/result.hpp"

namespace scannerqube::database {

inline constexpr std::size_t bundle_header_size = 76;
inline constexpr std::uint32_t max_manifest = 131'072;

// Wire: "SLYPDB1\n", u32 the manifest's size (little endian), its signature[64].
struct BundleHeader {
  std::uint32_t manifest_size = 0;
  base::sign::Signature signature;
};

// `untrusted` is exactly bundle_header_size bytes.
base::Result<BundleHeader> parse_bundle_header(base::wire::Bytes untrusted);
void encode_bundle_header(const BundleHeader& header, std::vector<std::byte>& out);

}  // namespace scannerqube::database
