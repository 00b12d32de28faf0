// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/record.hpp"

#include <gtest/gtest.h>

namespace tests {
namespace {

using namespace scannerqube::volume;
using base::wire::Bytes;

std::vector<Record> samples() {
  Entry entry{.handle = {.address = 7, .attribute = 128, .id = 3},
              .path = "a/\xff\n",
              .kind = Kind::stream,
              .state = State::deleted,
              .size = 12,
              .content = Content::extents};
  entry.extents = {{.where = {.offset = 512, .length = 10}},
                   {.where = {.offset = 0, .length = 2}, .backing = Backing::zeros}};
  entry.times = {.modified = -1, .accessed = 2, .changed = 3, .created = 4};
  return {Part{.number = 1,
               .where = {.offset = 512, .length = 1024},
               .table = TableKind::gpt_backup,
               .type = "0x0c",
               .note = "odd"},
          Area{.kind = AreaKind::space, .where = {.offset = 1, .length = 2}},
          Recognised{.kinds = {FileSystem::fat, FileSystem::other}},
          finding(Concern::overlap, "two"),
          entry,
          End{.entries = 5},
          Piece{.outcome = Piece::Outcome::read, .bytes = {std::byte{1}}, .text = ""}};
}

TEST(Record, IsReadAsItWasWritten) {
  for (const Record& record : samples()) {
    std::vector<std::byte> bytes;
    append_record(bytes, record);
    const auto parsed = parse_record(Bytes(bytes).subspan(4));
    ASSERT_TRUE(parsed) << describe(parsed.error());
    EXPECT_EQ(*parsed, record);
  }
}

TEST(Record, RejectsEveryShorterInputAndOneByteMore) {
  for (const Record& record : samples()) {
    std::vector<std::byte> bytes;
    append_record(bytes, record);
    const Bytes body = Bytes(bytes).subspan(4);
    for (std::size_t size = 0; size < body.size(); ++size) {
      EXPECT_FALSE(parse_record(body.first(size))) << record.index() << " " << size;
    }
    bytes.push_back(std::byte{0});
    const auto longer = parse_record(Bytes(bytes).subspan(4));
    ASSERT_FALSE(longer);
    EXPECT_EQ(longer.error(), RecordError::trailing_bytes);
  }
}

TEST(Record, RejectsExtentsThatAreNotTheSize) {
  Entry entry{.path = "a", .size = 11, .content = Content::extents};
  entry.extents = {{.where = {.offset = 512, .length = 10}}};
  std::vector<std::byte> bytes;
  append_record(bytes, entry);
  const auto parsed = parse_record(Bytes(bytes).subspan(4));
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error(), RecordError::bad_value);
}

TEST(Record, RejectsTextForPeopleThatIsNotPrintable) {
  std::vector<std::byte> bytes;
  append_record(bytes, Finding{.concern = Concern::overlap, .text = "a\x1b[2Jb"});
  EXPECT_FALSE(parse_record(Bytes(bytes).subspan(4)));
  EXPECT_EQ(finding(Concern::overlap, "a\x1b[2Jb").text, "a?[2Jb");
}

TEST(Record, AStreamIsCutWhereverItsBytesComeApart) {
  std::vector<std::byte> bytes;
  for (const Record& record : samples()) append_record(bytes, record);
  for (const std::size_t step : {1U, 3U, 1000U}) {
    RecordStream stream;
    std::vector<Record> found;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      stream.push(Bytes(bytes).subspan(at, std::min(step, bytes.size() - at)));
      for (;;) {
        auto record = stream.next();
        ASSERT_TRUE(record);
        if (!record->has_value()) break;
        found.push_back(**record);
      }
    }
    EXPECT_EQ(found, samples());
    EXPECT_TRUE(stream.empty());
  }
}

TEST(Record, ALengthThatIsTooLongEndsTheStream) {
  RecordStream stream;
  const std::vector<std::byte> bytes(4, std::byte{0xff});
  stream.push(bytes);
  EXPECT_FALSE(stream.next());
  stream.push(bytes);
  EXPECT_FALSE(stream.next());
}

TEST(Record, ARequestIsReadAsItWasWritten) {
  const ReadRequest request{
      .handle = {.address = 1, .attribute = 2, .id = 3}, .offset = 4, .length = 5};
  const auto bytes = encode(request);
  ASSERT_EQ(bytes.size(), read_request_size);
  EXPECT_EQ(*parse_read_request(bytes), request);
  EXPECT_FALSE(parse_read_request(Bytes(bytes).first(bytes.size() - 1)));
  EXPECT_FALSE(parse_read_request(encode({.length = max_content + 1})));
}

}  // namespace
}  // namespace tests
