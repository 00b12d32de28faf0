// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/release_list.hpp"

#include <gtest/gtest.h>

#include "base/wire/writer.hpp"
#include "tests/scanner-qube/release/media.hpp"

namespace tests {
namespace {

using namespace scannerqube::release;
namespace volume = scannerqube::volume;
using base::wire::Bytes;
using base::wire::Writer;

constexpr std::uint64_t medium_size = 100'000;

ReleaseList listed_samples() {
  Medium medium;
  medium.add("a/\xff\n", "content");
  medium.add("empty", "");
  medium.add_scattered("b", "left and right", 512);
  medium.add_resident("c", "in the list");
  medium.list()[0].modified = -5;
  return medium.list();
}

ListError error_of(const ReleaseList& list) {
  const auto parsed = parse_list(encode(list), medium_size);
  EXPECT_FALSE(parsed);
  return parsed ? ListError::not_a_list : parsed.error();
}

TEST(ReleaseList, IsReadAsItWasWritten) {
  for (const ReleaseList& list : {listed_samples(), ReleaseList()}) {
    const auto parsed = parse_list(encode(list), medium_size);
    ASSERT_TRUE(parsed) << describe(parsed.error());
    EXPECT_EQ(*parsed, list);
    EXPECT_EQ(encode(*parsed), encode(list));
    std::size_t size = list_header;
    for (const ReleasedFile& file : list) size += encoded_size(file);
    EXPECT_EQ(encode(list).size(), size);
  }
}

// Written by hand after the header's comment: what others would send.
TEST(ReleaseList, IsTheseBytes) {
  std::vector<std::byte> bytes;
  Writer out(bytes);
  out.text("SPRL").u32(2).u32(2);
  out.u32(4 + 2 + 3 + 8 + 32 + 8 + 1 + 4 + 2 * 17)
      .u32(5)
      .u16(3)
      .text("a/b")
      .u64(15)
      .zeros(32)
      .u64(7);
  out.u8(0).u32(2).u8(0).u64(512).u64(10).u8(1).u64(0).u64(5);
  out.u32(4 + 2 + 1 + 8 + 32 + 8 + 1 + 4 + 2).u32(0).u16(1).text("c").u64(2).zeros(32).u64(0);
  out.u8(1).u32(2).text("hi");
  const auto parsed = parse_list(bytes, 522);
  ASSERT_TRUE(parsed) << describe(parsed.error());
  ASSERT_EQ(parsed->size(), 2U);
  EXPECT_EQ((*parsed)[0].part, 5U);
  EXPECT_EQ((*parsed)[0].path, "a/b");
  EXPECT_EQ((*parsed)[0].modified, 7);
  EXPECT_EQ((*parsed)[0].extents.at(0).where.offset, 512U);
  EXPECT_EQ((*parsed)[0].extents.at(1).backing, volume::Backing::zeros);
  EXPECT_EQ(base::wire::as_text((*parsed)[1].resident), "hi");
  EXPECT_EQ(encode(*parsed), bytes);
  // One byte less of the medium, and it lies outside.
  const auto outside = parse_list(bytes, 521);
  ASSERT_FALSE(outside);
  EXPECT_EQ(outside.error(), ListError::outside_medium);
}

TEST(ReleaseList, RejectsEveryShorterInputAndOneByteMore) {
  auto bytes = encode(listed_samples());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(parse_list(Bytes(bytes).first(size), medium_size)) << size;
  }
  bytes.push_back(std::byte{0});
  const auto longer = parse_list(bytes, medium_size);
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error(), ListError::trailing_bytes);
}

TEST(ReleaseList, IsTakenApartWhereverItsBytesComeApart) {
  const auto bytes = encode(listed_samples());
  for (const std::size_t step : {1U, 3U, 100U}) {
    ListParser parser(medium_size);
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      ASSERT_TRUE(parser.push(Bytes(bytes).subspan(at, std::min(step, bytes.size() - at))));
    }
    const auto list = parser.finish();
    ASSERT_TRUE(list);
    EXPECT_EQ(*list, listed_samples());
  }
}

TEST(ReleaseList, OnceItFailedItStaysSo) {
  ListParser parser(medium_size);
  const auto bytes = encode(listed_samples());
  EXPECT_FALSE(parser.push(base::wire::as_bytes("SPRM and more of it")));
  EXPECT_FALSE(parser.push(bytes));
  EXPECT_FALSE(parser.finish());
  ListParser finished(medium_size);
  ASSERT_TRUE(finished.push(bytes));
  ASSERT_TRUE(finished.finish());
  EXPECT_FALSE(finished.finish());
}

TEST(ReleaseList, RejectsPiecesThatAreNotTheSize) {
  for (const int wrong : {-1, 1}) {
    ReleaseList list = listed_samples();
    list[0].size += static_cast<std::uint64_t>(wrong);
    EXPECT_EQ(error_of(list), ListError::sizes_differ);
    list = listed_samples();
    list[3].size += static_cast<std::uint64_t>(wrong);
    EXPECT_EQ(error_of(list), ListError::sizes_differ);
  }
  // A sum that would wrap.
  ReleaseList list = listed_samples();
  list[2].extents = {{.where = {.offset = 0, .length = ~0ULL}, .backing = volume::Backing::zeros},
                     {.where = {.offset = 0, .length = 527}, .backing = volume::Backing::zeros}};
  EXPECT_EQ(error_of(list), ListError::sizes_differ);
}

TEST(ReleaseList, RejectsWhatLiesOutsideTheMedium) {
  for (const std::uint64_t offset :
       {medium_size - 6, medium_size, medium_size + 1, ~std::uint64_t{0} - 3}) {
    ReleaseList list = listed_samples();
    list[0].extents[0].where.offset = offset;
    EXPECT_EQ(error_of(list), ListError::outside_medium) << offset;
  }
}

TEST(ReleaseList, RejectsWhatIsBeyondItsBounds) {
  ReleaseList list = listed_samples();
  list[0].path = std::string(volume::max_path + 1, 'a');
  EXPECT_EQ(error_of(list), ListError::path_too_long);
  list[0].path.clear();
  EXPECT_EQ(error_of(list), ListError::no_path);
  list = listed_samples();
  list[3].resident.resize(max_resident + 1);
  list[3].size = max_resident + 1;
  EXPECT_EQ(error_of(list), ListError::too_much_resident);
  list = listed_samples();
  list[0].extents.assign(max_extents + 1, {.where = {.offset = 0, .length = 1}});
  list[0].size = max_extents + 1;
  EXPECT_EQ(error_of(list), ListError::too_many_extents);
  list = listed_samples();
  list[0].extents[0].where.length = 0;
  list[0].size = 0;
  EXPECT_EQ(error_of(list), ListError::bad_value);
  // Files that are each possible and together more than anybody has.
  list.clear();
  const std::uint64_t large = max_content_bytes / 4;
  for (int i = 0; i < 5; ++i) {
    list.push_back({.path = "x",
                    .size = large,
                    .extents = {{.where = {.offset = 0, .length = large},
                                 .backing = volume::Backing::zeros}}});
  }
  EXPECT_EQ(error_of(list), ListError::too_much_content);
}

TEST(ReleaseList, RejectsHeadersThatLie) {
  const auto with = [](std::uint32_t version, std::uint32_t files) {
    std::vector<std::byte> bytes;
    Writer(bytes).text("SPRL").u32(version).u32(files);
    const auto parsed = parse_list(bytes, medium_size);
    return parsed ? ListError::not_a_list : parsed.error();
  };
  EXPECT_EQ(with(1, 0), ListError::unknown_version);
  EXPECT_EQ(with(2, max_files + 1), ListError::too_many_files);
  EXPECT_EQ(with(2, max_files), ListError::truncated);
  std::vector<std::byte> bytes_of_one;
  Writer(bytes_of_one).text("SPRL").u32(2).u32(1).u32(max_list_record + 1);
  const auto long_record = parse_list(bytes_of_one, medium_size);
  ASSERT_FALSE(long_record);
  EXPECT_EQ(long_record.error(), ListError::record_too_long);
  // More files than were announced.
  auto bytes = encode(listed_samples());
  bytes[8] = std::byte{3};
  EXPECT_FALSE(parse_list(bytes, medium_size));
}

TEST(ReleaseList, StopsAtItsOwnLength) {
  ListParser parser(medium_size);
  std::vector<std::byte> head;
  Writer(head).text("SPRL").u32(2).u32(max_files);
  ASSERT_TRUE(parser.push(head));
  // Records of the largest kind, until there is an end.
  ReleaseList one{{.path = "x", .size = max_extents}};
  one[0].extents.assign(max_extents, {.where = {.offset = 0, .length = 1}});
  const auto whole = encode(one);
  const Bytes record = Bytes(whole).subspan(head.size());
  std::size_t pushed = head.size();
  while (parser.push(record)) pushed += record.size();
  EXPECT_LE(pushed, max_list_bytes);
  EXPECT_GT(pushed + record.size(), max_list_bytes);
  const auto failed = parser.finish();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error(), ListError::too_large);
}

}  // namespace
}  // namespace tests
