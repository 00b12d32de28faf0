// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/unlock/sector_decryptor.hpp"

#include <openssl/evp.h>

#include <array>

#include "base/hash/sha256.hpp"

namespace scannerqube::unlock {
namespace {

using base::wire::Bytes;
using Iv = std::array<unsigned char, 16>;

constexpr std::size_t short_key = 16;

unsigned char* raw(std::span<std::byte> bytes) {
  return static_cast<unsigned char*>(static_cast<void*>(bytes.data()));
}
const unsigned char* raw(Bytes bytes) {
  return static_cast<const unsigned char*>(static_cast<const void*>(bytes.data()));
}

Iv little_endian(std::uint64_t number) {
  Iv iv{};
  for (std::size_t i = 0; i < sizeof(number); ++i) {
    iv.at(i) = static_cast<unsigned char>(number >> (8 * i));
  }
  return iv;
}

const EVP_CIPHER* data_cipher(SectorCipher cipher, std::size_t key_size) {
  if (cipher == SectorCipher::aes_xts_plain64) {
    return key_size == 2 * short_key ? EVP_aes_128_xts() : EVP_aes_256_xts();
  }
  return key_size == short_key ? EVP_aes_128_cbc() : EVP_aes_256_cbc();
}

}  // namespace

void SectorDecryptor::Free::operator()(evp_cipher_ctx_st* context) const noexcept {
  EVP_CIPHER_CTX_free(context);  // wipes the key schedule
}

base::Result<std::unique_ptr<SectorDecryptor>> SectorDecryptor::make(const Unlocked& unlocked) {
  const auto fail = [] { return base::fail("its cipher cannot be set up"); };
  const Bytes key = unlocked.key.bytes();
  if (!is_key_size(unlocked.cipher, key.size())) return fail();
  Context data(EVP_CIPHER_CTX_new());
  if (data == nullptr ||
      EVP_DecryptInit_ex(data.get(), data_cipher(unlocked.cipher, key.size()), nullptr, raw(key),
                         nullptr) != 1 ||
      EVP_CIPHER_CTX_set_padding(data.get(), 0) != 1) {
    return fail();
  }
  Context iv;
  const bool essiv = unlocked.cipher == SectorCipher::aes_cbc_essiv_sha256;
  if (essiv || unlocked.cipher == SectorCipher::aes_cbc_eboiv) {
    const base::hash::Digest salt = base::hash::Sha256()({key});
    const Bytes iv_key = essiv ? Bytes(salt) : key;
    const EVP_CIPHER* block = iv_key.size() == short_key ? EVP_aes_128_ecb() : EVP_aes_256_ecb();
    iv.reset(EVP_CIPHER_CTX_new());
    if (iv == nullptr || EVP_EncryptInit_ex(iv.get(), block, nullptr, raw(iv_key), nullptr) != 1 ||
        EVP_CIPHER_CTX_set_padding(iv.get(), 0) != 1) {
      return fail();
    }
  }
  return std::unique_ptr<SectorDecryptor>(
      new SectorDecryptor(unlocked, std::move(data), std::move(iv)));
}

bool SectorDecryptor::decrypt_sector(std::uint64_t number, std::span<std::byte> sector) {
  Iv iv = little_endian(cipher_ == SectorCipher::aes_cbc_eboiv ? number * iv_unit_ : number);
  int done = 0;
  if (iv_ != nullptr) {
    Iv sealed{};
    if (EVP_EncryptUpdate(iv_.get(), sealed.data(), &done, iv.data(), iv.size()) != 1 ||
        done != static_cast<int>(iv.size())) {
      return false;
    }
    iv = sealed;
  }
  return EVP_DecryptInit_ex(data_.get(), nullptr, nullptr, nullptr, iv.data()) == 1 &&
         EVP_DecryptUpdate(data_.get(), raw(sector), &done, raw(sector),
                           static_cast<int>(sector.size())) == 1 &&
         done == static_cast<int>(sector.size());
}

bool SectorDecryptor::decrypt(std::uint64_t numbered, std::span<std::byte> sectors) {
  while (!sectors.empty()) {
    if (sectors.size() < sector_size_) return false;
    if (!decrypt_sector(numbered / iv_unit_, sectors.first(sector_size_))) return false;
    sectors = sectors.subspan(sector_size_);
    numbered += sector_size_;
  }
  return true;
}

}  // namespace scannerqube::unlock
