// SPDX-License-Identifier: GPL-2.0-or-later
// SHA-256 in one go and piece by piece.
#include "base/hash/sha256.hpp"

#include <gtest/gtest.h>

namespace base::hash {
namespace {

// FIPS 180-2, B.1.
constexpr const char* of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256Test, IsTheSameInOneGoAndPieceByPiece) {
  Sha256 sha256;
  EXPECT_EQ(to_hex(sha256({wire::as_bytes("abc")})), of_abc);
  EXPECT_EQ(to_hex(sha256({wire::as_bytes("a"), {}, wire::as_bytes("bc")})), of_abc);
  sha256.begin();
  sha256.add(wire::as_bytes("ab"));
  sha256.add(wire::as_bytes("c"));
  EXPECT_EQ(to_hex(sha256.end()), of_abc);
}

TEST(Sha256Test, ForgetsWhatBrokeOff) {
  Sha256 sha256;
  sha256.add(wire::as_bytes("half of some"));
  EXPECT_EQ(to_hex(sha256({wire::as_bytes("abc")})), of_abc);
  sha256.add(wire::as_bytes("half of some"));
  sha256.begin();
  sha256.add(wire::as_bytes("abc"));
  EXPECT_EQ(to_hex(sha256.end()), of_abc);
  sha256.add(wire::as_bytes("abc"));
  EXPECT_EQ(to_hex(sha256.end()), of_abc) << "end() begins anew";
}

}  // namespace
}  // namespace base::hash
