// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/io/cipher.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstdlib>

namespace blockproxy::snapshot {
namespace {

// By way of void: the library's byte is another type.
unsigned char* raw_out(std::span<std::byte> bytes) {
  return static_cast<unsigned char*>(static_cast<void*>(bytes.data()));
}
const unsigned char* raw(base::wire::Bytes bytes) {
  return static_cast<const unsigned char*>(static_cast<const void*>(bytes.data()));
}

// What is sealed is at most a block, so sizes fit an int.
int small(std::size_t size) {
  if (size > block_size) std::abort();
  return static_cast<int>(size);
}

}  // namespace

void random_bytes(std::span<std::byte> out) {
  if (RAND_bytes(raw_out(out), small(out.size())) != 1) std::abort();  // a nonce must not repeat
}

void wipe(std::span<std::byte> secret) { OPENSSL_cleanse(secret.data(), secret.size()); }

Key Key::random() {
  Key key;
  if (RAND_priv_bytes(raw_out(key.bytes_), small(key_size)) != 1) std::abort();
  return key;
}

Key::Key(std::span<const std::byte, key_size> bytes) { std::ranges::copy(bytes, bytes_.begin()); }
Key::Key(Key&& other) noexcept : bytes_(other.bytes_) { wipe(other.bytes_); }
Key::~Key() { wipe(bytes_); }

void Cipher::Free::operator()(evp_cipher_ctx_st* context) const noexcept {
  EVP_CIPHER_CTX_free(context);  // wipes the key schedule
}

Cipher::Cipher(const Key& key) : encrypt_(EVP_CIPHER_CTX_new()), decrypt_(EVP_CIPHER_CTX_new()) {
  if (encrypt_ == nullptr || decrypt_ == nullptr ||
      EVP_EncryptInit_ex(encrypt_.get(), EVP_aes_256_gcm(), nullptr, raw(key.bytes()), nullptr) !=
          1 ||
      EVP_DecryptInit_ex(decrypt_.get(), EVP_aes_256_gcm(), nullptr, raw(key.bytes()), nullptr) !=
          1) {
    std::abort();
  }
}

Auth Cipher::seal(base::wire::Bytes context, base::wire::Bytes plain, std::span<std::byte> out) {
  Auth auth;
  random_bytes(auth.nonce);
  auto* const to = encrypt_.get();
  int done = 0;
  if (out.size() != plain.size() ||
      EVP_EncryptInit_ex(to, nullptr, nullptr, nullptr, raw(auth.nonce)) != 1 ||
      EVP_EncryptUpdate(to, nullptr, &done, raw(context), small(context.size())) != 1 ||
      (!plain.empty() &&
       EVP_EncryptUpdate(to, raw_out(out), &done, raw(plain), small(plain.size())) != 1) ||
      EVP_EncryptFinal_ex(to, nullptr, &done) != 1 ||
      EVP_CIPHER_CTX_ctrl(to, EVP_CTRL_GCM_GET_TAG, small(auth.tag.size()), auth.tag.data()) != 1) {
    std::abort();
  }
  return auth;
}

Authentic Cipher::open(base::wire::Bytes context, const Auth& auth, base::wire::Bytes sealed,
                       std::span<std::byte> out) {
  auto* const from = decrypt_.get();
  auto tag = auth.tag;  // the library asks for one that it could write to
  int done = 0;
  if (out.size() != sealed.size() ||
      EVP_DecryptInit_ex(from, nullptr, nullptr, nullptr, raw(auth.nonce)) != 1 ||
      EVP_DecryptUpdate(from, nullptr, &done, raw(context), small(context.size())) != 1 ||
      (!sealed.empty() &&
       EVP_DecryptUpdate(from, raw_out(out), &done, raw(sealed), small(sealed.size())) != 1) ||
      EVP_CIPHER_CTX_ctrl(from, EVP_CTRL_GCM_SET_TAG, small(tag.size()), tag.data()) != 1) {
    std::abort();
  }
  std::array<unsigned char, 16> rest{};
  if (EVP_DecryptFinal_ex(from, rest.data(), &done) == 1) return Authentic::yes;
  std::ranges::fill(out, std::byte{0});
  return Authentic::no;
}

}  // namespace blockproxy::snapshot
