// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/scan/zero_hashes.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tests {
namespace {

using scannerqube::ZeroHashes;

TEST(ZeroHashes, AreThoseOfTheBytes) {
  ZeroHashes hashes;
  base::hash::Sha256 sha256;
  for (const std::size_t size : {0U, 1U, 65535U, 65536U, 65537U, 200000U}) {
    const std::vector<std::byte> zeros(size);
    EXPECT_EQ(hashes.of(size), sha256({zeros})) << size;
  }
}

TEST(ZeroHashes, CostNothingTwiceAndHaveAnEnd) {
  ZeroHashes hashes;
  const std::uint64_t large = ZeroHashes::max_bytes - 10;
  const auto first = hashes.of(large);
  ASSERT_TRUE(first);
  for (int again = 0; again < 1000; ++again) ASSERT_EQ(hashes.of(large), first);
  EXPECT_TRUE(hashes.of(10));
  EXPECT_FALSE(hashes.of(11));
  EXPECT_TRUE(hashes.of(0));
}

TEST(ZeroHashes, RemembersSoManySizes) {
  ZeroHashes hashes;
  for (std::uint64_t size = 0; size < ZeroHashes::max_sizes; ++size) ASSERT_TRUE(hashes.of(size));
  EXPECT_FALSE(hashes.of(ZeroHashes::max_sizes));
  EXPECT_TRUE(hashes.of(1));
}

}  // namespace
}  // namespace tests
