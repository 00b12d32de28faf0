// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/unlock/unlocked.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace scannerqube::unlock {
namespace {

constexpr std::uint64_t volume_size = 100 * 4096;

Unlocked sample() {
  std::array<std::byte, 64> key{};
  key.fill(std::byte{7});
  return {.cipher = SectorCipher::aes_xts_plain64,
          .sector_size = 4096,
          .iv_unit = 512,
          .plain = {.offset = 8192, .length = 90 * 4096},
          .pieces = {{.shown = {.offset = 8192, .length = 8192}, .stored = 4096, .numbered = 512},
                     {.shown = {.offset = 16384, .length = 4096}, .stored = 0, .numbered = 0}},
          .key = Secret(key)};
}

bool is_taken(const Unlocked& unlocked) {
  return parse_unlocked(encode(unlocked), volume_size).has_value();
}

TEST(Unlocked, IsReadAsItIsWritten) {
  const Unlocked before = sample();
  const auto after = parse_unlocked(encode(before), volume_size);
  ASSERT_TRUE(after) << after.error().text;
  EXPECT_EQ(after->cipher, before.cipher);
  EXPECT_EQ(after->sector_size, 4096U);
  EXPECT_EQ(after->iv_unit, 512U);
  EXPECT_EQ(after->plain, before.plain);
  EXPECT_EQ(after->pieces, before.pieces);
  EXPECT_TRUE(std::ranges::equal(after->key.bytes(), before.key.bytes()));
}

TEST(Unlocked, NothingShorterOrLongerIsOne) {
  auto bytes = encode(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    // A key of half the size is a key.
    if (bytes.size() - size == 32) continue;
    EXPECT_FALSE(parse_unlocked(std::span(bytes).first(size), volume_size)) << size;
  }
  bytes.push_back(std::byte{0});
  EXPECT_FALSE(parse_unlocked(bytes, volume_size));
}

TEST(Unlocked, PlacesAreInTheVolume) {
  const auto refused = [](auto change) {
    Unlocked unlocked = sample();
    change(unlocked);
    return !is_taken(unlocked);
  };
  EXPECT_TRUE(refused([](Unlocked& u) { u.plain.length = volume_size; }));
  EXPECT_TRUE(refused([](Unlocked& u) { u.plain.offset = ~std::uint64_t{0}; }));
  EXPECT_TRUE(refused([](Unlocked& u) { u.pieces[1].stored = volume_size; }));
  EXPECT_TRUE(refused([](Unlocked& u) { u.pieces[1].stored = ~std::uint64_t{0} - 100; }));
  EXPECT_TRUE(refused([](Unlocked& u) { u.pieces[1].shown.length = ~std::uint64_t{0} << 12U; }));
  EXPECT_TRUE(refused([](Unlocked& u) { u.pieces[1].shown.length = 0; }));
  EXPECT_TRUE(refused([](Unlocked& u) { u.pieces[1].shown.length = 512; })) << "half a sector";
  EXPECT_TRUE(refused([](Unlocked& u) { u.pieces[1].shown.offset = 8192; })) << "twice";
  EXPECT_TRUE(refused([](Unlocked& u) { std::swap(u.pieces[0], u.pieces[1]); }));
  EXPECT_TRUE(refused([](Unlocked& u) { u.pieces[1].numbered = 5; }));
  EXPECT_TRUE(refused([](Unlocked& u) { u.pieces[1].numbered = std::uint64_t{1} << 63U; }));
  EXPECT_TRUE(refused([](Unlocked& u) { u.pieces.clear(); }));
  EXPECT_TRUE(refused([](Unlocked& u) { u.pieces.resize(max_pieces + 1, u.pieces[0]); }));
}

TEST(Unlocked, SizesAreOnesThatThereAre) {
  for (const std::uint32_t size : {0U, 1U, 256U, 513U, 8192U, ~0U}) {
    Unlocked unlocked = sample();
    unlocked.sector_size = size;
    EXPECT_FALSE(is_taken(unlocked)) << size;
    unlocked = sample();
    unlocked.iv_unit = size;
    EXPECT_FALSE(is_taken(unlocked)) << size;
  }
  Unlocked unlocked = sample();
  unlocked.cipher = SectorCipher{9};
  EXPECT_FALSE(is_taken(unlocked));
  unlocked.cipher = SectorCipher::aes_cbc_eboiv;
  EXPECT_FALSE(is_taken(unlocked)) << "two keys for one";
}

TEST(Unlocked, CiphersHaveTheNamesOfDmCrypt) {
  EXPECT_EQ(sector_cipher("aes", "xts-plain64"), SectorCipher::aes_xts_plain64);
  EXPECT_EQ(sector_cipher("aes", "cbc-essiv:sha256"), SectorCipher::aes_cbc_essiv_sha256);
  EXPECT_EQ(sector_cipher("aes", "cbc-elephant"), std::nullopt);
  EXPECT_EQ(sector_cipher("serpent", "xts-plain64"), std::nullopt);
  EXPECT_EQ(sector_cipher("", ""), std::nullopt);
}

}  // namespace
}  // namespace scannerqube::unlock
