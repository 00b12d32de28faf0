// SPDX-License-Identifier: GPL-2.0-or-later
// Decrypts sectors as dm-crypt does (Linux, drivers/md/dm-crypt.c: crypt_iv_*_gen).
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/wire/result.hpp"
#include "scanner-qube/unlock/unlocked.hpp"

struct evp_cipher_ctx_st;

namespace scannerqube::unlock {

// Allocates when it is made, and not afterwards. One thread at a time.
class SectorDecryptor {
 public:
  static base::Result<std::unique_ptr<SectorDecryptor>> make(const Unlocked& unlocked);

  // Whole sectors that follow each other, in place; `numbered` as Piece has it. False: the library
  // refused, and `sectors` means nothing.
  bool decrypt(std::uint64_t numbered, std::span<std::byte> sectors);

 private:
  struct Free {
    void operator()(evp_cipher_ctx_st* context) const noexcept;
  };
  using Context = std::unique_ptr<evp_cipher_ctx_st, Free>;

  SectorDecryptor(const Unlocked& unlocked, Context data, Context iv)
      : cipher_(unlocked.cipher),
        sector_size_(unlocked.sector_size),
        iv_unit_(unlocked.iv_unit),
        data_(std::move(data)),
        iv_(std::move(iv)) {}
  bool decrypt_sector(std::uint64_t number, std::span<std::byte> sector);

  SectorCipher cipher_;
  std::uint32_t sector_size_;
  std::uint32_t iv_unit_;
  Context data_;
  Context iv_;  // nullptr: the IV is not encrypted
};

}  // namespace scannerqube::unlock
