// SPDX-License-Identifier: GPL-2.0-or-later
// An encrypted volume that a passphrase has opened: its key, and which of its bytes are what.
//
// Pure. It comes from a process that parsed the volume's header (io/opener.hpp), so
// parse_unlocked() believes nothing. All places count from the volume's beginning.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/wire/result.hpp"
#include "scanner-qube/unlock/secret.hpp"
#include "scanner-qube/volume/source.hpp"

namespace scannerqube::unlock {

// As dm-crypt calls them (Linux, Documentation/admin-guide/device-mapper/dm-crypt.rst).
enum class SectorCipher : std::uint8_t {
  aes_xts_plain64 = 1,
  aes_cbc_plain64,
  aes_cbc_essiv_sha256,
  aes_cbc_eboiv,  // BitLocker's: the IV is the encrypted offset of the sector in bytes
};
// "aes" and "xts-plain64"; nullopt: not one of these.
std::optional<SectorCipher> sector_cipher(std::string_view cipher, std::string_view mode);
// 32 or 64 bytes for XTS, whose key is two; else 16 or 32.
bool is_key_size(SectorCipher cipher, std::size_t size);

struct Piece {
  volume::Range shown = {};    // the plain text is here
  std::uint64_t stored = 0;    // its cipher text begins here
  std::uint64_t numbered = 0;  // as which byte its first one counts for the IV
  friend bool operator==(const Piece&, const Piece&) = default;
};
inline constexpr std::size_t max_pieces = 8;

struct Unlocked {
  SectorCipher cipher = SectorCipher::aes_xts_plain64;
  std::uint32_t sector_size = 512;  // what is encrypted as one: 512 to 4096 bytes
  std::uint32_t iv_unit = 512;  // bytes after which the IV's number is one more: 512, or a sector
  volume::Range plain = {};     // where a file system is to be looked for
  // Ascending, apart from each other, each of whole sectors. What no piece shows reads as zeros.
  std::vector<Piece> pieces = {};
  Secret key = {};
};

std::vector<std::byte> encode(const Unlocked& unlocked);
// Of a volume of that many bytes.
base::Result<Unlocked> parse_unlocked(base::wire::Bytes untrusted, std::uint64_t volume_size);

}  // namespace scannerqube::unlock
