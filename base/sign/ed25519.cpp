// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/sign/ed25519.hpp"

#include <sodium.h>

#include <algorithm>
#include <cstdlib>

#include "base/hash/sha256.hpp"

namespace base::sign {
namespace {

static_assert(key_size == crypto_sign_PUBLICKEYBYTES);
static_assert(key_size == crypto_sign_SEEDBYTES);
static_assert(2 * key_size == crypto_sign_SECRETKEYBYTES && signature_size == crypto_sign_BYTES);

constexpr std::string_view public_word = "sallyport-ed25519-public ";
constexpr std::string_view secret_word = "sallyport-ed25519-secret ";
static_assert(secret_word.size() + 2 * key_size < max_key_text);

// By way of void: the library's byte is another type.
unsigned char* raw_out(std::span<std::byte> bytes) {
  return static_cast<unsigned char*>(static_cast<void*>(bytes.data()));
}
const unsigned char* raw(std::span<const std::byte> bytes) {
  return static_cast<const unsigned char*>(static_cast<const void*>(bytes.data()));
}

bool parse_key(std::string_view text, std::string_view word, std::span<std::byte> out) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return text.starts_with(word) && hash::from_hex(text.substr(word.size()), out);
}

std::string with_prefix(Purpose purpose, std::string_view message) {
  std::string all(prefix_of(purpose));
  return all.append(message);
}

}  // namespace

std::string_view prefix_of(Purpose purpose) {
  switch (purpose) {
    case Purpose::scan_statement:
      return "sallyport scan statement 1\n";
    case Purpose::database_manifest:
      return "sallyport database manifest 1\n";
    case Purpose::scan_verdict:
      return "sallyport scan verdict 1\n";
    case Purpose::verdict_cache:
      return "sallyport verdict cache 1\n";
    case Purpose::release_list:
      return "sallyport release list 1\n";
  }
  std::abort();
}

Result<Signature> Signature::parse(std::string_view untrusted_hex) {
  Signature signature;
  if (!hash::from_hex(untrusted_hex, signature.bytes)) {
    return fail("this is no signature: it is not " + std::to_string(2 * signature_size) +
                " hexadecimal digits in lower case");
  }
  return signature;
}

std::string Signature::hex() const { return hash::to_hex(bytes); }

PublicKey::PublicKey(std::span<const std::byte, key_size> bytes) {
  std::ranges::copy(bytes, bytes_.begin());
}

Result<PublicKey> PublicKey::parse(std::string_view untrusted_text) {
  std::array<std::byte, key_size> bytes{};
  if (parse_key(untrusted_text, public_word, bytes)) return PublicKey(bytes);
  if (untrusted_text.starts_with(secret_word)) {
    return fail("this is a secret key: give the public one, and keep this file to yourself");
  }
  return fail("this is no public key: it is not one line of \"" + std::string(public_word) +
              "\" and 64 hexadecimal digits");
}

std::string PublicKey::text() const {
  return std::string(public_word) + hash::to_hex(bytes_) + "\n";
}

std::string PublicKey::id() const {
  return hash::to_hex(hash::Sha256()({bytes_})).substr(0, key_id_digits);
}

void wipe(std::span<char> secret) { sodium_memzero(secret.data(), secret.size()); }

// Not moved: a short text would stay behind in the other's own bytes.
SecretText::SecretText(SecretText&& other) noexcept {
  text_.assign(other.text_);
  wipe(other.text_);
}
SecretText::~SecretText() { wipe(text_); }

KeyPair KeyPair::generate() {
  if (sodium_init() < 0) std::abort();  // no random numbers: there can be no key
  KeyPair pair;
  std::array<std::byte, key_size> unused{};
  if (crypto_sign_keypair(raw_out(unused), raw_out(pair.secret_)) != 0) std::abort();
  return pair;
}

Result<KeyPair> KeyPair::parse(std::string_view secret_text) {
  std::array<std::byte, key_size> seed{};
  KeyPair pair;
  const bool good = parse_key(secret_text, secret_word, seed);
  if (good) {
    std::array<std::byte, key_size> unused{};
    if (crypto_sign_seed_keypair(raw_out(unused), raw_out(pair.secret_), raw(seed)) != 0) {
      std::abort();
    }
  }
  sodium_memzero(seed.data(), seed.size());
  if (!good) {
    return fail("this is no secret key: it is not one line of \"" + std::string(secret_word) +
                "\" and 64 hexadecimal digits");
  }
  return pair;
}

KeyPair::KeyPair(KeyPair&& other) noexcept : secret_(other.secret_) {
  sodium_memzero(other.secret_.data(), other.secret_.size());
}
KeyPair::~KeyPair() { sodium_memzero(secret_.data(), secret_.size()); }

SecretText KeyPair::secret_text() const {
  std::string text;
  text.reserve(max_key_text);  // no growing: that would leave a copy
  text += secret_word;
  const SecretText digits(hash::to_hex(std::span(secret_).first<key_size>()));
  text += digits.view();
  text += '\n';
  return SecretText(std::move(text));
}

PublicKey KeyPair::public_key() const {
  return PublicKey(std::span<const std::byte, 2 * key_size>(secret_).last<key_size>());
}

Signature KeyPair::sign(Purpose purpose, std::string_view message) const {
  const std::string all = with_prefix(purpose, message);
  Signature signature;
  if (crypto_sign_detached(raw_out(signature.bytes), nullptr, raw(wire::as_bytes(all)), all.size(),
                           raw(secret_)) != 0) {
    std::abort();
  }
  return signature;
}

Verified verify(const PublicKey& key, Purpose purpose, std::string_view message,
                const Signature& signature) {
  const std::string all = with_prefix(purpose, message);
  const int result = crypto_sign_verify_detached(raw(signature.bytes), raw(wire::as_bytes(all)),
                                                 all.size(), raw(key.bytes()));
  return result == 0 ? Verified::yes : Verified::no;
}

}  // namespace base::sign
