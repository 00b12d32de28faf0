// SPDX-License-Identifier: GPL-2.0-or-later
// By its first byte: the layout of a BitLocker volume, what an opener says, what a scanner qube is
// told.
#include <array>
#include <cstdlib>

#include "scanner-qube/qube/message.hpp"
#include "scanner-qube/unlock/bitlocker.hpp"
#include "scanner-qube/unlock/sector_decryptor.hpp"

namespace {

namespace unlock = scannerqube::unlock;
using base::wire::Bytes;

void try_unlocked(Bytes bytes) {
  constexpr std::uint64_t volume_size = std::uint64_t{1} << 20U;
  const auto unlocked = unlock::parse_unlocked(bytes, volume_size);
  if (!unlocked) return;
  const auto again = unlock::encode(*unlocked);
  if (!std::ranges::equal(again, bytes)) std::abort();
  for (const unlock::Piece& piece : unlocked->pieces) {
    if (piece.stored + piece.shown.length > volume_size) std::abort();
  }
  const auto decryptor = unlock::SectorDecryptor::make(*unlocked);
  std::array<std::byte, 4096> sectors{};
  // XTS refuses two halves that are the same.
  if (decryptor) static_cast<void>((*decryptor)->decrypt(unlocked->pieces[0].numbered, sectors));
}

void try_messages(Bytes bytes) {
  if (const auto order = scannerqube::parse_order(bytes)) {
    std::vector<std::byte> frame;
    scannerqube::append_order(frame, *order);
    if (!std::ranges::equal(Bytes(frame).last(bytes.size()), bytes)) std::abort();
  }
  if (const auto known = scannerqube::parse_known(bytes)) {
    if (known->size() > scannerqube::known_in_message && bytes.size() < 8192) std::abort();
  }
  if (const auto secret = scannerqube::parse_passphrase(bytes)) {
    if (secret->bytes().empty() || secret->bytes().size() > unlock::max_passphrase) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = std::as_bytes(std::span(data, size));
  if (bytes.empty()) return 0;
  const Bytes rest = bytes.subspan(1);
  switch (std::to_integer<unsigned>(bytes[0]) % 3) {
    case 0:
      static_cast<void>(unlock::read_bitlocker(scannerqube::volume::MemorySource(rest)));
      break;
    case 1:
      try_unlocked(rest);
      break;
    default:
      try_messages(rest);
  }
  return 0;
}
