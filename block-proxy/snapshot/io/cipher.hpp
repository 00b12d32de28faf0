// SPDX-License-Identifier: GPL-2.0-or-later
// AES-256-GCM under a snapshot's key, and that key, which is wiped when it is let go.
#pragma once

#include <array>
#include <memory>
#include <span>

#include "block-proxy/snapshot/format.hpp"

struct evp_cipher_ctx_st;

namespace blockproxy::snapshot {

class Key {
 public:
  static Key random();
  explicit Key(std::span<const std::byte, key_size> bytes);
  Key(Key&& other) noexcept;
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;
  Key& operator=(Key&&) = delete;
  ~Key();
  std::span<const std::byte, key_size> bytes() const { return bytes_; }

 private:
  Key() = default;
  std::array<std::byte, key_size> bytes_{};
};

void random_bytes(std::span<std::byte> out);
void wipe(std::span<std::byte> secret);

enum class Authentic : std::uint8_t { yes, no };

// Each call of seal() draws a new random nonce. With 2^32 of them under one key the chance that two
// are the same is 2^-33 (NIST SP 800-38D, 8.3 has the same bound).
class Cipher {
 public:
  explicit Cipher(const Key& key);
  // `out` is as long as `plain`; both may be empty: then only `context` is vouched for.
  Auth seal(base::wire::Bytes context, base::wire::Bytes plain, std::span<std::byte> out);
  // Where it is not authentic, `out` is zeros.
  Authentic open(base::wire::Bytes context, const Auth& auth, base::wire::Bytes sealed,
                 std::span<std::byte> out);

 private:
  struct Free {
    void operator()(evp_cipher_ctx_st* context) const noexcept;
  };
  using Context = std::unique_ptr<evp_cipher_ctx_st, Free>;
  Context encrypt_;
  Context decrypt_;
};

}  // namespace blockproxy::snapshot
