// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/hash/digest.hpp"

#include <sodium.h>

#include <optional>

namespace base::hash {
namespace {

std::optional<unsigned> digit_of(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  return std::nullopt;
}

}  // namespace

Digest digest_of(base::wire::Bytes data) {
  static_assert(digest_size == crypto_generichash_BYTES);
  Digest digest{};
  // By way of void: the library's byte is another type. It fails only for sizes out of its range,
  // which ours are not.
  crypto_generichash(static_cast<unsigned char*>(static_cast<void*>(digest.data())), digest.size(),
                     static_cast<const unsigned char*>(static_cast<const void*>(data.data())),
                     data.size(), nullptr, 0);
  return digest;
}

std::string to_hex(base::wire::Bytes data) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * data.size());
  for (const std::byte each : data) {
    const auto value = std::to_integer<unsigned>(each);
    text += digits[value >> 4U];
    text += digits[value & 0xfU];
  }
  return text;
}

bool from_hex(std::string_view untrusted, std::span<std::byte> out) {
  if (untrusted.size() != 2 * out.size()) return false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto high = digit_of(untrusted[2 * i]);
    const auto low = digit_of(untrusted[2 * i + 1]);
    if (!high || !low) return false;
    out[i] = static_cast<std::byte>(*high << 4U | *low);
  }
  return true;
}

}  // namespace base::hash
