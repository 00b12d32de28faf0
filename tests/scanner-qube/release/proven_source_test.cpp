// SPDX-License-Identifier: GPL-2.0-or-later
// Reads that are checked against a root, of a source that lies.
#include "scanner-qube/release/proven_source.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/scanner-qube/volume/images.hpp"

namespace tests {
namespace {

using namespace scannerqube::release;
namespace volume = scannerqube::volume;
using base::hash::leaf_size;

// Memory that can be changed behind a reader's back, with sectors that cannot be read.
class Changing final : public volume::Source {
 public:
  explicit Changing(std::string content) : bytes(std::move(content)) {}
  std::uint64_t size() const override { return bytes.size(); }
  base::Result<std::size_t, volume::ReadError> read(std::uint64_t offset,
                                                    std::span<std::byte> out) const override {
    const auto from = base::wire::as_bytes(bytes).subspan(static_cast<std::size_t>(offset));
    const std::size_t count = std::min(from.size(), out.size());
    for (const std::uint64_t sector : bad) {
      if (sector < offset + count && sector + 512 > offset) {
        return base::Unexpected{volume::ReadError{.offset = sector, .text = "bad block"}};
      }
    }
    std::ranges::copy(from.first(count), out.begin());
    return count;
  }
  std::string bytes;
  std::vector<std::uint64_t> bad;
};

base::hash::Digest root_of(const std::string& content) {
  base::hash::Sha256 hash;
  base::hash::TreeBuilder tree;
  for (std::size_t at = 0; at < content.size(); at += leaf_size) {
    const auto block = std::string_view(content).substr(at, leaf_size);
    tree.push(base::hash::leaf_hash(hash, base::wire::as_bytes(block)));
  }
  return base::hash::root_of(content.size(), tree.finish());
}

std::string read(const volume::Source& source, std::uint64_t offset, std::size_t length) {
  const auto bytes = volume::read_some(source, offset, length);
  return bytes ? std::string(base::wire::as_text(*bytes))
               : "error: " + bytes.error().text + " at " + std::to_string(bytes.error().offset);
}

const std::string the_medium = random_bytes(5 * leaf_size + 1234, 7);

TEST(ProvenSource, GivesTheBytesOfTheRoot) {
  const Changing medium(the_medium);
  const auto proven = ProvenSource::prove(medium, root_of(the_medium));
  ASSERT_TRUE(proven) << proven.error().text;
  EXPECT_EQ((*proven)->size(), the_medium.size());
  for (const std::uint64_t offset : {0UL, 1UL, leaf_size - 1UL, leaf_size * 2UL, leaf_size * 5UL}) {
    for (const std::size_t length : {1UL, 512UL, leaf_size * 1UL, leaf_size * 3UL}) {
      EXPECT_TRUE(read(**proven, offset, length) == the_medium.substr(offset, length)) << offset;
    }
  }
  EXPECT_EQ(read(**proven, the_medium.size(), 1), "");
  const Changing nothing("");
  EXPECT_TRUE(ProvenSource::prove(nothing, root_of("")));
}

TEST(ProvenSource, RefusesAnotherRoot) {
  for (const std::size_t at : {std::size_t{0}, the_medium.size() - 1, std::size_t{3} * leaf_size}) {
    std::string other = the_medium;
    other[at] = static_cast<char>(other[at] ^ 1);
    const Changing medium(other);
    const auto proven = ProvenSource::prove(medium, root_of(the_medium));
    ASSERT_FALSE(proven);
    EXPECT_NE(proven.error().text.find("not the bytes that were scanned"), std::string::npos);
  }
  const Changing longer(the_medium + '\0');
  EXPECT_FALSE(ProvenSource::prove(longer, root_of(the_medium)));
}

TEST(ProvenSource, OneThatAnswersDifferentlyLaterIsCaught) {
  Changing medium(the_medium);
  const auto proven = ProvenSource::prove(medium, root_of(the_medium));
  ASSERT_TRUE(proven);
  medium.bytes[2 * leaf_size + 10] ^= 1;
  // Any byte of that block, and no other.
  EXPECT_EQ(read(**proven, 3 * leaf_size - 1, 1),
            "error: the snapshot gives other bytes than were scanned at " +
                std::to_string(2 * leaf_size));
  EXPECT_TRUE(read(**proven, 3 * leaf_size, 10) == the_medium.substr(3 * leaf_size, 10));
  medium.bytes = the_medium;
  EXPECT_TRUE(read(**proven, 2 * leaf_size, 10) == the_medium.substr(2 * leaf_size, 10));
}

TEST(ProvenSource, UnreadableSectorsAreZerosOfTheRootAndReadByNobody) {
  std::string zeroed = the_medium;
  const std::uint64_t sector = leaf_size + 1024;
  std::fill_n(zeroed.begin() + static_cast<std::ptrdiff_t>(sector), 512, '\0');
  Changing medium(the_medium);
  medium.bad = {sector};
  const auto proven = ProvenSource::prove(medium, root_of(zeroed));
  ASSERT_TRUE(proven) << proven.error().text;
  EXPECT_EQ(read(**proven, sector + 511, 1), "error: bad block at " + std::to_string(sector));
  EXPECT_EQ(read(**proven, 0, 3 * leaf_size), "error: bad block at " + std::to_string(sector));
  EXPECT_TRUE(read(**proven, sector + 512, 99) == the_medium.substr(sector + 512, 99));
  EXPECT_TRUE(read(**proven, leaf_size, 1024) == the_medium.substr(leaf_size, 1024));
  // One that was there when it was proven, and is gone.
  medium.bad.push_back(3 * leaf_size);
  EXPECT_EQ(read(**proven, 3 * leaf_size + 700, 1),
            "error: bad block at " + std::to_string(3 * leaf_size));
}

}  // namespace
}  // namespace tests
