// SPDX-License-Identifier: GPL-2.0-or-later
// Bounds-checked cursor over bytes that a peer chose.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace base::wire {

using Bytes = std::span<const std::byte>;

enum class Endian { little, big };

// A read past the end returns zero and makes the reader fail for good, so a parser reads every
// field first and asks ok() once at the end.
template <Endian order>
class BasicReader {
 public:
  explicit BasicReader(Bytes untrusted) noexcept : rest_(untrusted) {}

  std::uint8_t u8() noexcept { return integer<std::uint8_t>(); }
  std::uint16_t u16() noexcept { return integer<std::uint16_t>(); }
  std::uint32_t u32() noexcept { return integer<std::uint32_t>(); }
  std::uint64_t u64() noexcept { return integer<std::uint64_t>(); }

  // Borrows `count` bytes from the input; empty once failed.
  Bytes take(std::size_t count) noexcept {
    if (count > rest_.size()) {  // compare sizes, never pointers: no overflow
      failed_ = true;
      rest_ = {};
      return {};
    }
    const Bytes head = rest_.first(count);
    rest_ = rest_.subspan(count);
    return head;
  }

  Bytes rest() const noexcept { return rest_; }
  bool ok() const noexcept { return !failed_; }
  // True when all was read and nothing is left over: what a whole message must end with.
  bool done() const noexcept { return !failed_ && rest_.empty(); }

 private:
  template <std::unsigned_integral T>
  T integer() noexcept {
    const Bytes field = take(sizeof(T));
    T value = 0;
    for (std::size_t i = 0; i < field.size(); ++i) {
      const std::size_t shift = order == Endian::little ? i : field.size() - 1 - i;
      value = static_cast<T>(
          value |
          static_cast<T>(static_cast<T>(std::to_integer<std::uint8_t>(field[i])) << (8 * shift)));
    }
    return value;
  }

  Bytes rest_;
  bool failed_ = false;
};

using Reader = BasicReader<Endian::little>;  // our own protocols, usbredir, USB descriptors
using BigReader = BasicReader<Endian::big>;  // USB/IP, NBD

inline bool all_zeros(Bytes bytes) noexcept {
  for (const std::byte byte : bytes) {
    if (byte != std::byte{0}) return false;
  }
  return true;
}
inline Bytes as_bytes(std::string_view text) noexcept {
  return std::as_bytes(std::span(text.data(), text.size()));
}
// Bytes seen as text. The view is as untrusted as the bytes: escape before showing it.
inline std::string_view as_text(Bytes bytes) noexcept {
  // The one place where bytes become characters: char may alias anything.
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};  // NOLINT
}

}  // namespace base::wire
