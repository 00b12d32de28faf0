// SPDX-License-Identifier: GPL-2.0-or-later
// Bytes that are wiped when they are let go.
#pragma once

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/wire/reader.hpp"

namespace scannerqube::unlock {

// Of a passphrase: libcryptsetup's own bound.
inline constexpr std::size_t max_passphrase = 512;

// Of a text that held one.
inline void wipe(std::string& text) {
  if (!text.empty()) ::explicit_bzero(text.data(), text.size());
  text.clear();
}

class Secret {
 public:
  Secret() = default;
  explicit Secret(base::wire::Bytes bytes) : bytes_(bytes.begin(), bytes.end()) {}
  Secret(Secret&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  Secret& operator=(Secret&& other) noexcept {
    std::swap(bytes_, other.bytes_);  // the other one wipes what was here
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() {
    if (!bytes_.empty()) ::explicit_bzero(bytes_.data(), bytes_.size());
  }

  base::wire::Bytes bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace scannerqube::unlock
