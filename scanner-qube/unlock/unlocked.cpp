// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/unlock/unlocked.hpp"

#include <array>
#include <bit>

#include "base/wire/writer.hpp"

namespace scannerqube::unlock {
namespace {

using volume::Range;

constexpr std::uint32_t smallest_sector = 512;
constexpr std::uint32_t largest_sector = 4096;
// Nothing overflows that counts on from there.
constexpr std::uint64_t last_number = std::uint64_t{1} << 62U;

struct Name {
  SectorCipher cipher;
  std::string_view mode;
};
constexpr std::array names{Name{SectorCipher::aes_xts_plain64, "xts-plain64"},
                           Name{SectorCipher::aes_cbc_plain64, "cbc-plain64"},
                           Name{SectorCipher::aes_cbc_essiv_sha256, "cbc-essiv:sha256"},
                           Name{SectorCipher::aes_cbc_eboiv, "cbc-eboiv"}};

Range read_range(base::wire::Reader& in) {
  Range range;
  range.offset = in.u64();
  range.length = in.u64();
  return range;
}

bool is_within(const Range& range, std::uint64_t size) {
  return range.offset <= size && range.length <= size - range.offset;
}

bool is_good(const Piece& piece, const Unlocked& unlocked, std::uint64_t volume_size) {
  const Range stored{.offset = piece.stored, .length = piece.shown.length};
  return piece.shown.length > 0 && piece.shown.length % unlocked.sector_size == 0 &&
         piece.numbered % unlocked.iv_unit == 0 && piece.numbered <= last_number &&
         is_within(piece.shown, volume_size) && is_within(stored, volume_size);
}

bool are_good(const Unlocked& unlocked, std::uint64_t volume_size) {
  std::uint64_t from = 0;
  for (const Piece& piece : unlocked.pieces) {
    if (!is_good(piece, unlocked, volume_size) || piece.shown.offset < from) return false;
    from = piece.shown.end();
  }
  return true;
}

}  // namespace

std::optional<SectorCipher> sector_cipher(std::string_view cipher, std::string_view mode) {
  if (cipher != "aes") return std::nullopt;
  for (const Name& each : names) {
    if (each.mode == mode) return each.cipher;
  }
  return std::nullopt;
}

bool is_key_size(SectorCipher cipher, std::size_t size) {
  const std::size_t keys = cipher == SectorCipher::aes_xts_plain64 ? 2 : 1;
  return size == keys * 16 || size == keys * 32;
}

std::vector<std::byte> encode(const Unlocked& unlocked) {
  std::vector<std::byte> out;
  // Room for all of it: nothing that grows leaves a copy of the key behind.
  out.reserve(256 + unlocked.pieces.size() * sizeof(Piece) + unlocked.key.bytes().size());
  base::wire::Writer writer(out);
  writer.u8(static_cast<std::uint8_t>(unlocked.cipher))
      .u32(unlocked.sector_size)
      .u32(unlocked.iv_unit)
      .u64(unlocked.plain.offset)
      .u64(unlocked.plain.length)
      .u8(static_cast<std::uint8_t>(unlocked.pieces.size()));
  for (const Piece& piece : unlocked.pieces) {
    writer.u64(piece.shown.offset).u64(piece.shown.length).u64(piece.stored).u64(piece.numbered);
  }
  writer.bytes(unlocked.key.bytes());
  return out;
}

base::Result<Unlocked> parse_unlocked(base::wire::Bytes untrusted, std::uint64_t volume_size) {
  const auto fail = [] { return base::fail("what opened it speaks nonsense"); };
  base::wire::Reader in(untrusted);
  Unlocked unlocked;
  const std::uint8_t cipher = in.u8();
  unlocked.sector_size = in.u32();
  unlocked.iv_unit = in.u32();
  unlocked.plain = read_range(in);
  const std::uint8_t count = in.u8();
  if (!in.ok() || cipher < static_cast<std::uint8_t>(SectorCipher::aes_xts_plain64) ||
      cipher > static_cast<std::uint8_t>(SectorCipher::aes_cbc_eboiv) || count == 0 ||
      count > max_pieces) {
    return fail();
  }
  unlocked.cipher = SectorCipher{cipher};
  for (std::uint8_t i = 0; i < count; ++i) {
    Piece piece;
    piece.shown = read_range(in);
    piece.stored = in.u64();
    piece.numbered = in.u64();
    unlocked.pieces.push_back(piece);
  }
  const std::uint32_t sector = unlocked.sector_size;
  if (!in.ok() || !std::has_single_bit(sector) || sector < smallest_sector ||
      sector > largest_sector ||
      (unlocked.iv_unit != smallest_sector && unlocked.iv_unit != sector) ||
      !is_within(unlocked.plain, volume_size) || !are_good(unlocked, volume_size) ||
      !is_key_size(unlocked.cipher, in.rest().size())) {
    return fail();
  }
  unlocked.key = Secret(in.rest());
  return unlocked;
}

}  // namespace scannerqube::unlock
