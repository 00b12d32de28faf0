// SPDX-License-Identifier: GPL-2.0-or-later
// A medium of which one encrypted volume is shown decrypted, in its own place: what a file system
// says of where its files lie is true of the medium.
#pragma once

#include "scanner-qube/unlock/sector_decryptor.hpp"
#include "scanner-qube/volume/io/file_source.hpp"

namespace scannerqube::unlock {

// Reads on one thread at a time; does not allocate after it is made.
class DecryptedSource final : public volume::ForkableSource {
 public:
  // `medium` outlives it; `place` is where the volume is on it.
  static base::Result<std::unique_ptr<DecryptedSource>> make(const volume::ForkableSource& medium,
                                                             volume::Range place,
                                                             Unlocked unlocked);

  std::uint64_t size() const override { return medium_.size(); }
  base::Result<std::size_t, volume::ReadError> read(std::uint64_t offset,
                                                    std::span<std::byte> out) const override;
  std::vector<int> fds() const override { return medium_.fds(); }
  std::vector<std::string> syscalls() const override { return medium_.syscalls(); }

 private:
  using Read = base::Result<std::size_t, volume::ReadError>;

  DecryptedSource(const volume::ForkableSource& medium, volume::Range place, Unlocked unlocked,
                  std::unique_ptr<SectorDecryptor> decryptor);
  Read read_here(std::uint64_t offset, std::span<std::byte> out) const;
  Read read_piece(const Piece& piece, std::uint64_t at, std::span<std::byte> out) const;

  const volume::ForkableSource& medium_;
  volume::Range place_;
  std::uint32_t sector_size_;
  std::vector<Piece> pieces_;
  std::unique_ptr<SectorDecryptor> decryptor_;
  mutable std::vector<std::byte> sectors_;  // decrypted, of which a part was asked for
};

}  // namespace scannerqube::unlock
