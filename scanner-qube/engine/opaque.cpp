// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/engine/opaque.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "scanner-qube/engine/zip_check.hpp"

namespace scannerqube {
namespace {

using base::wire::Bytes;
using namespace std::string_view_literals;

struct Signature {
  std::size_t offset;
  std::string_view bytes;
  std::string_view name;
};

// Containers that it has no reader for.
constexpr std::array closed{
    Signature{0, "\x28\xb5\x2f\xfd"sv, "a Zstandard stream"},
    Signature{0, "\x04\x22\x4d\x18"sv, "an LZ4 stream"},
    Signature{0, "LZIP\x01"sv, "an lzip stream"},
    Signature{0, "LRZI"sv, "an lrzip stream"},
    Signature{0, "\x1f\x9d"sv, "a compress (.Z) stream"},
    Signature{7, "**ACE**"sv, "an ACE archive"},
    Signature{0, "MSWIM\0\0\0"sv, "a WIM image"},
    Signature{0, "hsqs"sv, "a SquashFS image"},
    Signature{0, "QFI\xfb"sv, "a QCOW image"},
    Signature{0, "KDMV"sv, "a VMDK image"},
    Signature{0, "vhdxfile"sv, "a VHDX image"},
    Signature{0, "\xed\xab\xee\xdb"sv, "an RPM package"},
    Signature{0, "!<arch>\ndebian-binary"sv, "a Debian package"},
    Signature{0, "LUKS\xba\xbe"sv, "an encrypted LUKS volume"},
    Signature{3, "-FVE-FS-"sv, "an encrypted BitLocker volume"},
};

bool has(Bytes bytes, const Signature& signature) {
  if (bytes.size() < signature.offset + signature.bytes.size()) return false;
  return base::wire::as_text(bytes.subspan(signature.offset, signature.bytes.size())) ==
         signature.bytes;
}

// The old format has no signature: a byte of parameters, the size of a dictionary, that of the
// content. Tools write 5d, a power of two (or half as much more), and a size that can be.
bool looks_like_lzma(Bytes bytes) {
  base::wire::Reader in(bytes);
  const std::uint8_t parameters = in.u8();
  const std::uint32_t dictionary = in.u32();
  const std::uint64_t size = in.u64();
  constexpr std::uint64_t unknown = ~std::uint64_t{0};
  const bool round = std::has_single_bit(dictionary) || std::has_single_bit(dictionary / 3 * 2);
  return in.ok() && parameters == 0x5d && dictionary >= 4096 && round &&
         (size == unknown || size < std::uint64_t{1} << 38U);
}

// It unpacks the first stream of a bzip2 file and no other.
bool has_further_bzip2_streams(Bytes bytes) {
  constexpr std::string_view block = "1AY&SY";  // what follows the level
  const std::string_view text = base::wire::as_text(bytes);
  if (!text.starts_with("BZh") || text.size() < 10 || text.substr(4, 6) != block) return false;
  for (std::size_t at = text.find("BZh", 4); at != std::string_view::npos;
       at = text.find("BZh", at + 3)) {
    if (text.size() - at >= 10 && text.substr(at + 4, 6) == block) return true;
  }
  return false;
}

// What is cut off is unpacked by other programs as far as it goes, and by it not at all.
bool is_cut_xz(Bytes bytes) {
  std::string_view text = base::wire::as_text(bytes);
  if (!text.starts_with("\xfd\x37zXZ\0"sv)) return false;
  while (text.ends_with('\0')) text.remove_suffix(1);  // padding
  return !text.ends_with("YZ");
}

}  // namespace

std::vector<std::string> not_opened(Bytes layer) {
  std::vector<std::string> why;
  for (const Signature& signature : closed) {
    if (has(layer, signature)) {
      why.push_back(std::string(signature.name) + ": no program here opens one");
    }
  }
  if (looks_like_lzma(layer)) why.emplace_back("an LZMA stream: no program here opens one");
  if (has_further_bzip2_streams(layer)) why.emplace_back("more than one bzip2 stream");
  if (is_cut_xz(layer)) why.emplace_back("an xz stream without its end");
  if (auto doubt = zip_doubt(layer)) why.push_back(std::move(*doubt));
  return why;
}

}  // namespace scannerqube
