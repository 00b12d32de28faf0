// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/recognise.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace scannerqube::volume {
namespace {

using base::wire::Bytes;
using namespace std::string_view_literals;

struct Signature {
  FileSystem kind;
  std::size_t offset;
  std::string_view bytes;
};

// The furthest is btrfs'.
constexpr std::size_t looked_at = 0x10040 + 64;
constexpr std::array signatures{
    Signature{FileSystem::exfat, 3, "EXFAT   "sv}, Signature{FileSystem::ntfs, 3, "NTFS    "sv},
    Signature{FileSystem::bitlocker, 3, "-FVE-FS-"sv},
    // BitLocker To Go: a FAT volume whose own part is only a reader for the encrypted one.
    Signature{FileSystem::bitlocker, 424, "\x3b\xd6\x67\x49\x29\x2e\xd8\x4a"sv},
    Signature{FileSystem::luks, 0, "LUKS\xba\xbe"sv},
    Signature{FileSystem::luks, 0x4000, "SKUL\xba\xbe"sv},
    Signature{FileSystem::ext, 1080, "\x53\xef"sv},
    Signature{FileSystem::iso9660, 32769, "CD001"sv}, Signature{FileSystem::udf, 34817, "NSR02"sv},
    Signature{FileSystem::udf, 34817, "NSR03"sv}, Signature{FileSystem::udf, 36865, "NSR02"sv},
    Signature{FileSystem::udf, 36865, "NSR03"sv}, Signature{FileSystem::udf, 38913, "NSR02"sv},
    Signature{FileSystem::udf, 38913, "NSR03"sv},
    Signature{FileSystem::hfs_plus, 1024, "H+\0\x04"sv},
    Signature{FileSystem::hfs_plus, 1024, "HX\0\x05"sv},
    Signature{FileSystem::other, 1024, "BD"sv},  // HFS
    Signature{FileSystem::apfs, 32, "NXSB"sv}, Signature{FileSystem::other, 0, "XFSB"sv},
    Signature{FileSystem::other, 0x10040, "_BHRfS_M"sv},        // btrfs
    Signature{FileSystem::other, 1024, "\x10\x20\xf5\xf2"sv},   // F2FS
    Signature{FileSystem::other, 1024, "\xe2\xe1\xf5\xe0"sv},   // EROFS
    Signature{FileSystem::other, 0, "hsqs"sv},                  // SquashFS
    Signature{FileSystem::other, 3, "ReFS\0\0\0\0"sv},          // ReFS
    Signature{FileSystem::other, 4086, "SWAPSPACE2"sv},         // swap
    Signature{FileSystem::other, 512, "LABELONE"sv},            // LVM
    Signature{FileSystem::other, 4096, "\xfc\x4e\x2b\xa9"sv},   // md RAID
    Signature{FileSystem::other, 1372, "\x19\x01\x54\x19"sv},   // UFS
    Signature{FileSystem::other, 9564, "\x19\x01\x54\x19"sv},   // UFS
    Signature{FileSystem::other, 66908, "\x19\x01\x54\x19"sv},  // UFS2
};
static_assert(looked_at <= std::size_t{128} * 1024);

bool has(Bytes bytes, const Signature& signature) {
  if (bytes.size() < signature.offset + signature.bytes.size()) return false;
  return std::ranges::equal(bytes.subspan(signature.offset, signature.bytes.size()),
                            base::wire::as_bytes(signature.bytes));
}

// FAT has no signature that a driver insists on, only fields that make sense together. Drivers do
// not ask for 55 aa either.
bool looks_like_fat(Bytes bytes) {
  if (bytes.size() < 512) return false;
  base::wire::Reader in(bytes.subspan(11));
  const std::uint16_t sector = in.u16();
  const std::uint8_t cluster = in.u8();
  const std::uint16_t reserved = in.u16();
  const std::uint8_t copies = in.u8();
  in.u16();  // root entries
  const std::uint16_t sectors = in.u16();
  const std::uint8_t media = in.u8();
  const std::uint16_t table = in.u16();
  in.take(8);  // geometry and hidden sectors
  const std::uint32_t sectors_long = in.u32();
  const std::uint32_t table_long = in.u32();
  return std::has_single_bit(sector) && sector >= 512 && sector <= 4096 &&
         std::has_single_bit(cluster) && reserved != 0 && copies >= 1 && copies <= 4 &&
         (media == 0xf0 || media >= 0xf8) && (sectors != 0 || sectors_long != 0) &&
         (table != 0 || table_long != 0);
}

// Bits in a byte; encrypted and compressed data is close to 8.
double entropy(Bytes bytes) {
  std::array<std::size_t, 256> counts{};
  for (const std::byte b : bytes) ++counts.at(std::to_integer<std::size_t>(b));
  double sum = 0;
  for (const std::size_t count : counts) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(bytes.size());
    sum -= share * std::log2(share);
  }
  return sum;
}

FileSystem without_signature(Bytes bytes) {
  if (base::wire::all_zeros(bytes)) return FileSystem::empty;
  constexpr double encrypted = 7.95;
  constexpr std::size_t enough = std::size_t{16} * 1024;
  if (bytes.size() >= enough && entropy(bytes.first(enough)) > encrypted) return FileSystem::random;
  return FileSystem::unknown;
}

}  // namespace

Recognised recognise(const Source& source, Range part) {
  const WindowSource window(source, part);
  const auto head = read_some(window, 0, looked_at);
  Recognised found;
  if (!head) {
    found.kinds.push_back(FileSystem::unknown);
    return found;
  }
  const auto add = [&found](FileSystem kind) {
    if (std::ranges::find(found.kinds, kind) == found.kinds.end()) found.kinds.push_back(kind);
  };
  for (const Signature& signature : signatures) {
    if (has(*head, signature)) add(signature.kind);
  }
  if (looks_like_fat(*head)) add(FileSystem::fat);
  if (found.kinds.empty()) add(without_signature(*head));
  return found;
}

}  // namespace scannerqube::volume
