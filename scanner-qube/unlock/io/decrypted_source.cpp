// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/unlock/io/decrypted_source.hpp"

#include <algorithm>

namespace scannerqube::unlock {
namespace {

constexpr std::size_t at_once = std::size_t{64} * 1024;

}  // namespace

base::Result<std::unique_ptr<DecryptedSource>> DecryptedSource::make(
    const volume::ForkableSource& medium, volume::Range place, Unlocked unlocked) {
  auto decryptor = SectorDecryptor::make(unlocked);
  if (!decryptor) return base::Unexpected{decryptor.error()};
  return std::unique_ptr<DecryptedSource>(
      new DecryptedSource(medium, place, std::move(unlocked), *std::move(decryptor)));
}

DecryptedSource::DecryptedSource(const volume::ForkableSource& medium, volume::Range place,
                                 Unlocked unlocked, std::unique_ptr<SectorDecryptor> decryptor)
    : medium_(medium),
      place_(place),
      sector_size_(unlocked.sector_size),
      pieces_(std::move(unlocked.pieces)),
      decryptor_(std::move(decryptor)),
      sectors_(at_once) {}

DecryptedSource::Read DecryptedSource::read(std::uint64_t offset, std::span<std::byte> out) const {
  std::size_t done = 0;
  while (done < out.size() && offset + done < size()) {
    auto got = read_here(offset + done, out.subspan(done));
    if (!got) return got;
    if (*got == 0) break;
    done += *got;
  }
  return done;
}

// As far as what is at `offset` reaches.
DecryptedSource::Read DecryptedSource::read_here(std::uint64_t offset,
                                                 std::span<std::byte> out) const {
  const auto upto = [&out](std::uint64_t length) {
    return out.first(static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), length)));
  };
  if (offset < place_.offset) return medium_.read(offset, upto(place_.offset - offset));
  if (offset >= place_.end()) return medium_.read(offset, out);
  const std::uint64_t at = offset - place_.offset;
  const auto piece =
      std::ranges::find_if(pieces_, [at](const Piece& each) { return each.shown.end() > at; });
  if (piece != pieces_.end() && piece->shown.offset <= at) {
    return read_piece(*piece, at - piece->shown.offset, upto(piece->shown.end() - at));
  }
  const auto zeros = upto((piece == pieces_.end() ? place_.length : piece->shown.offset) - at);
  std::ranges::fill(zeros, std::byte{0});
  return zeros.size();
}

DecryptedSource::Read DecryptedSource::read_piece(const Piece& piece, std::uint64_t at,
                                                  std::span<std::byte> out) const {
  const std::uint64_t from = at - at % sector_size_;
  const auto before = static_cast<std::size_t>(at - from);
  const std::size_t wanted = before + out.size() + sector_size_ - 1;
  const std::size_t length = std::min(wanted - wanted % sector_size_, at_once);
  const auto sectors = std::span(sectors_).first(length);
  const std::uint64_t stored = place_.offset + piece.stored + from;
  auto got = medium_.read(stored, sectors);
  if (!got) return got;
  if (*got != sectors.size()) {
    return base::Unexpected{volume::ReadError{.offset = stored + *got, .text = "it ends here"}};
  }
  if (!decryptor_->decrypt(piece.numbered + from, sectors)) {
    return base::Unexpected{volume::ReadError{.offset = stored, .text = "it cannot be decrypted"}};
  }
  const auto taken = sectors.subspan(before).first(std::min(out.size(), sectors.size() - before));
  std::ranges::copy(taken, out.begin());
  return taken.size();
}

}  // namespace scannerqube::unlock
