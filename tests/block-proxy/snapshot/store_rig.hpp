// SPDX-License-Identifier: GPL-2.0-or-later
// A snapshot in a folder of its own, and short words for what tests do with it.
#pragma once

#include <gtest/gtest.h>

#include "block-proxy/snapshot/io/store.hpp"
#include "tests/block-proxy/snapshot/fake_medium.hpp"
#include "tests/fakes/folder.hpp"

namespace tests {

inline constexpr std::uint64_t mib = 1024 * 1024;

inline blockproxy::snapshot::Geometry geometry_of(std::uint64_t size, std::uint32_t sector = 512) {
  return *blockproxy::snapshot::Geometry::make(size, sector);
}

// What a read gave, in one piece; nothing where it failed.
inline std::optional<std::vector<std::byte>> bytes_of(
    const base::Result<blockproxy::snapshot::Slices>& read) {
  if (!read) return std::nullopt;
  std::vector<std::byte> all;
  for (const auto& slice : *read) all.insert(all.end(), slice.bytes.begin(), slice.bytes.end());
  return all;
}

inline std::vector<std::byte> part(const std::vector<std::byte>& content, std::uint64_t offset,
                                   std::uint64_t length) {
  const auto first = content.begin() + static_cast<std::ptrdiff_t>(offset);
  return {first, first + static_cast<std::ptrdiff_t>(length)};
}

inline std::vector<std::byte> filled(std::size_t size, int value) {
  return std::vector<std::byte>(size, std::byte{static_cast<unsigned char>(value)});
}

class StoreRig {
 public:
  using Store = blockproxy::snapshot::Store;
  blockproxy::snapshot::Place place() const { return {folder.path() / "s", folder.path() / "k"}; }

  std::unique_ptr<Store> create(std::uint64_t size, blockproxy::snapshot::Options options = {}) {
    auto store = Store::create(place(), geometry_of(size), std::move(options));
    EXPECT_TRUE(store) << (store ? "" : store.error().text);
    return store ? *std::move(store) : nullptr;
  }
  std::unique_ptr<Store> open(blockproxy::snapshot::Options options = {}) {
    auto store = Store::open(place(), std::move(options));
    EXPECT_TRUE(store) << (store ? "" : store.error().text);
    return store ? *std::move(store) : nullptr;
  }

  Folder folder;
};

}  // namespace tests
