// SPDX-License-Identifier: GPL-2.0-or-later
// Ed25519 (RFC 8032): who said something, in a form that is checked on any machine.
//
// What is signed is a fixed prefix, one for each purpose, and then the message: a signature made
// for one purpose says nothing for another. Nothing else is added, so that any other Ed25519
// program can check it. Keys as text are one line: "sallyport-ed25519-public HEX\n".
//
// Pure, but for generate(), which draws from the kernel's random numbers.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/wire/reader.hpp"
#include "base/wire/result.hpp"

namespace base::sign {

// All purposes there are, in one place: no prefix may begin another one.
enum class Purpose : std::uint8_t {
  scan_statement,     // scanner-qube/report: a report and what dom0 adds
  database_manifest,  // scanner-qube/database: a bundle of signatures
  scan_verdict,       // scanner-qube/report: what policy asks of a snapshot
  verdict_cache,      // scanner-qube/cache: contents that need no scan
  release_list,       // scanner-qube/release: the clean files of a report
};
// "sallyport scan statement 1\n": ends with its only newline.
std::string_view prefix_of(Purpose purpose);

inline constexpr std::size_t key_size = 32;  // of either half: the secret one is RFC 8032's seed
inline constexpr std::size_t signature_size = 64;
inline constexpr std::size_t key_id_digits = 16;
inline constexpr std::size_t max_key_text = 128;

struct Signature {
  std::array<std::byte, signature_size> bytes{};
  static Result<Signature> parse(std::string_view untrusted_hex);
  std::string hex() const;
  friend bool operator==(const Signature&, const Signature&) = default;
};

class PublicKey {
 public:
  explicit PublicKey(std::span<const std::byte, key_size> bytes);
  // A line as text() makes it; the newline may be missing.
  static Result<PublicKey> parse(std::string_view untrusted_text);
  std::string text() const;
  // The first digits of the SHA-256 of the key's bytes: names a key, proves nothing.
  std::string id() const;
  wire::Bytes bytes() const { return bytes_; }
  friend bool operator==(const PublicKey&, const PublicKey&) = default;

 private:
  std::array<std::byte, key_size> bytes_{};
};

void wipe(std::span<char> secret);

// Text that must not stay in memory.
class SecretText {
 public:
  explicit SecretText(std::string text) : text_(std::move(text)) {}
  SecretText(SecretText&& other) noexcept;
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;
  SecretText& operator=(SecretText&&) = delete;
  ~SecretText();
  std::string_view view() const { return text_; }

 private:
  std::string text_;
};

// Both halves. Wiped when it is let go.
class KeyPair {
 public:
  static KeyPair generate();
  static Result<KeyPair> parse(std::string_view secret_text);
  KeyPair(KeyPair&& other) noexcept;
  KeyPair(const KeyPair&) = delete;
  KeyPair& operator=(const KeyPair&) = delete;
  KeyPair& operator=(KeyPair&&) = delete;
  ~KeyPair();

  SecretText secret_text() const;
  PublicKey public_key() const;
  Signature sign(Purpose purpose, std::string_view message) const;

 private:
  KeyPair() = default;
  std::array<std::byte, 2 * key_size> secret_{};  // seed, then public key, as libsodium has it
};

enum class Verified : std::uint8_t { yes, no };
// Strict: no other encoding of the same signature, no key of a small order.
Verified verify(const PublicKey& key, Purpose purpose, std::string_view message,
                const Signature& signature);

}  // namespace base::sign
