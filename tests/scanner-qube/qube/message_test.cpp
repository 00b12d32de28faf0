// SPDX-License-Identifier: GPL-2.0-or-later
// What a scanner qube says, and is told, byte by byte.
#include "scanner-qube/qube/message.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/wire/writer.hpp"

namespace scannerqube {
namespace {

using Payload = std::vector<std::byte>;
using base::wire::Writer;

// The frame's payload, its length checked.
Payload payload_of(const Payload& frame) {
  base::wire::FrameDecoder frames;
  frames.push(frame);
  const auto got = frames.next();
  EXPECT_TRUE(got && got->has_value());
  EXPECT_EQ(frame.size(), base::wire::frame_header_size + (*got)->size());
  return **got;
}

Payload payload_of(const FromQube& message) {
  Payload frame;
  append_message(frame, message);
  return payload_of(frame);
}

base::hash::Digest some_digest() {
  base::hash::Digest made = {};
  made.front() = std::byte{0xAB};
  made.back() = std::byte{0xCD};
  return made;
}

Payload payload_of(const ScanOrder& order) {
  Payload frame;
  append_order(frame, order);
  return payload_of(frame);
}

std::vector<FromQube> one_of_each() {
  return {Ready{.signatures = 8'600'000, .options = some_digest(), .engine = "ClamAV 1.4.3"},
          ScanProgress{.files = 7, .bytes = std::uint64_t{5} << 33U},
          Chunk{.of = Chunk::Of::report, .bytes = Payload(max_chunk, std::byte{'r'})},
          Chunk{.of = Chunk::Of::files, .bytes = Payload(1)},
          Done{},
          Failure{.why = "no database"}};
}

ScanOrder some_order() {
  return {.deleted = ScanOrder::Deleted::include,
          .size = std::uint64_t{64} << 30U,
          .margin = 1 << 20,
          .largest_file = 512 << 20,
          .database = some_digest(),
          .known = max_known,
          .passphrase = true};
}

MessageError error_of(const Payload& payload) {
  const auto parsed = parse_message(payload);
  EXPECT_FALSE(parsed);
  return parsed ? MessageError{} : parsed.error();
}

TEST(QubeMessage, IsReadAsItWasWritten) {
  for (const FromQube& each : one_of_each()) {
    const auto parsed = parse_message(payload_of(each));
    ASSERT_TRUE(parsed) << each.index() << ": " << describe(parsed.error());
    EXPECT_TRUE(*parsed == each) << each.index();
  }
}

TEST(QubeMessage, HasTheseBytes) {
  Payload expected;
  Writer(expected).u8(1).u16(3).u32(3).bytes(some_digest()).text("ClamAV");
  EXPECT_EQ(payload_of(Ready{.signatures = 3, .options = some_digest(), .engine = "ClamAV"}),
            expected);
  expected.clear();
  Writer(expected).u8(2).u64(4).u64(5);
  EXPECT_EQ(payload_of(ScanProgress{.files = 4, .bytes = 5}), expected);
  EXPECT_EQ(payload_of(Done{}), Payload(1, std::byte{5}));
  expected.clear();
  Writer(expected).u8(6).text("why");
  EXPECT_EQ(payload_of(Failure{.why = "why"}), expected);
}

TEST(QubeMessage, NothingShorterIsOne) {
  for (const FromQube& each : one_of_each()) {
    const Payload whole = payload_of(each);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const auto parsed = parse_message(base::wire::Bytes(whole).first(size));
      // A text or a chunk may end anywhere; what is left says less, and is not the same.
      EXPECT_FALSE(parsed && *parsed == each) << each.index() << " at " << size;
    }
  }
  EXPECT_EQ(error_of({}), MessageError::wrong_length);
  for (const auto kind : {1, 2, 3, 4, 6}) {
    EXPECT_EQ(error_of({static_cast<std::byte>(kind)}), MessageError::wrong_length) << kind;
  }
}

TEST(QubeMessage, RejectsTrailingBytes) {
  for (const FromQube& each : {FromQube(ScanProgress{}), FromQube(Done{})}) {
    Payload longer = payload_of(each);
    longer.push_back(std::byte{0});
    EXPECT_EQ(error_of(longer), MessageError::wrong_length) << each.index();
  }
}

TEST(QubeMessage, RejectsKindsThatNobodyKnows) {
  for (unsigned kind = 0; kind < 256; ++kind) {
    if (kind >= 1 && kind <= 6) continue;
    Payload payload = payload_of(ScanProgress{});
    payload.front() = static_cast<std::byte>(kind);
    EXPECT_EQ(error_of(payload), MessageError::unknown_kind) << kind;
  }
}

TEST(QubeMessage, RejectsAnotherVersion) {
  for (const std::uint16_t version : std::initializer_list<std::uint16_t>{0, 1, 2, 4, 256, 65535}) {
    Payload payload;
    Writer(payload).u8(1).u16(version).u32(3).bytes(some_digest()).text("ClamAV");
    EXPECT_EQ(error_of(payload), MessageError::other_version) << version;
  }
}

TEST(QubeMessage, TextsArePrintableAndBounded) {
  const auto named = [](const std::string& name) {
    Payload payload;
    Writer(payload).u8(1).u16(message_version).u32(3).bytes(some_digest()).text(name);
    return payload;
  };
  const auto failed = [](const std::string& why) {
    Payload payload;
    Writer(payload).u8(6).text(why);
    return payload;
  };
  EXPECT_TRUE(parse_message(named(std::string(max_engine_name, '~'))));
  EXPECT_EQ(error_of(named(std::string(max_engine_name + 1, 'a'))), MessageError::wrong_length);
  EXPECT_EQ(error_of(named("")), MessageError::wrong_length);
  EXPECT_TRUE(parse_message(failed(std::string(max_failure, ' '))));
  EXPECT_EQ(error_of(failed(std::string(max_failure + 1, 'a'))), MessageError::wrong_length);
  for (unsigned byte = 0; byte < 256; ++byte) {
    const std::string text = std::string("a") + static_cast<char>(byte) + "b";
    const bool printable = byte >= 0x20 && byte < 0x7f;
    EXPECT_EQ(parse_message(named(text)).has_value(), printable) << byte;
    EXPECT_EQ(parse_message(failed(text)).has_value(), printable) << byte;
    if (printable) continue;
    EXPECT_EQ(error_of(failed(text)), MessageError::bad_text) << byte;
  }
}

TEST(QubeMessage, WhatIsSaidFitsWhateverItIs) {
  const auto name = parse_message(
      payload_of(Ready{.signatures = 1, .options = {}, .engine = std::string(99, 7)}));
  ASSERT_TRUE(name);
  EXPECT_EQ(std::get<Ready>(*name).engine, std::string(max_engine_name, '?'));
  const auto why = parse_message(payload_of(Failure{.why = "a\n\xff" + std::string(9999, 'x')}));
  ASSERT_TRUE(why);
  EXPECT_EQ(std::get<Failure>(*why).why, "a??" + std::string(max_failure - 3, 'x'));
}

TEST(QubeMessage, AFailureWithoutAReasonHasOne) {
  const auto parsed = parse_message(payload_of(Failure{.why = ""}));
  ASSERT_TRUE(parsed) << describe(parsed.error());
  EXPECT_FALSE(std::get<Failure>(*parsed).why.empty());
}

TEST(ScanOrder, IsReadAsItWasWritten) {
  const auto parsed = parse_order(payload_of(some_order()));
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(*parsed == some_order());
}

TEST(ScanOrder, RejectsAnyOtherLengthAndOtherWords) {
  const Payload whole = payload_of(some_order());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse_order(base::wire::Bytes(whole).first(size))) << size;
  }
  Payload longer = whole;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(parse_order(longer));
  Payload other = whole;
  other[0] = std::byte{2};
  EXPECT_FALSE(parse_order(other));
  other = whole;
  other[1] = std::byte{2};
  EXPECT_FALSE(parse_order(other)) << "deleted is yes or no";
  other = whole;
  other.back() = std::byte{2};
  EXPECT_FALSE(parse_order(other)) << "so is a passphrase";
  ScanOrder many = some_order();
  ++many.known;
  EXPECT_FALSE(parse_order(payload_of(many)));
}

TEST(Passphrase, ComesBackAndHasBounds) {
  for (const std::size_t size : {std::size_t{1}, unlock::max_passphrase}) {
    const Payload bytes(size, std::byte{0xc3});
    std::vector<std::byte> frame;
    append_passphrase(frame, bytes);
    const auto read = parse_passphrase(payload_of(frame));
    ASSERT_TRUE(read) << describe(read.error());
    EXPECT_TRUE(std::ranges::equal(read->bytes(), bytes));
  }
  for (const std::size_t size : {std::size_t{0}, unlock::max_passphrase + 1}) {
    Payload payload(1 + size, std::byte{3});
    EXPECT_FALSE(parse_passphrase(payload)) << size;
  }
  EXPECT_FALSE(parse_passphrase({}));
  EXPECT_FALSE(parse_passphrase(Payload(8, std::byte{2}))) << "another kind";
}

std::vector<ContentKey> contents(std::size_t count) {
  std::vector<ContentKey> all(count);
  for (std::size_t i = 0; i < count; ++i) {
    all[i].sha256[i % all[i].sha256.size()] = std::byte{1};
    all[i].size = i << 20U;
  }
  return all;
}

TEST(KnownContents, ComeBackInAsManyMessagesAsTheyNeed) {
  for (const std::size_t count : {std::size_t{1}, known_in_message, 2 * known_in_message + 1}) {
    std::vector<std::byte> bytes;
    append_known(bytes, contents(count));
    base::wire::FrameDecoder frames;
    frames.push(bytes);
    std::vector<ContentKey> read;
    std::size_t messages = 0;
    for (auto frame = frames.next(); frame && *frame; frame = frames.next()) {
      const auto part = parse_known(**frame);
      ASSERT_TRUE(part) << describe(part.error());
      read.insert(read.end(), part->begin(), part->end());
      ++messages;
    }
    EXPECT_EQ(read, contents(count));
    EXPECT_EQ(messages, (count + known_in_message - 1) / known_in_message);
  }
  std::vector<std::byte> none;
  append_known(none, {});
  EXPECT_TRUE(none.empty());
}

TEST(KnownContents, RejectsAnyOtherLengthAndKind) {
  std::vector<std::byte> frame;
  append_known(frame, contents(2));
  Payload whole = payload_of(frame);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const bool one = size == 1 + cached_entry_size;
    EXPECT_EQ(parse_known(base::wire::Bytes(whole).first(size)).has_value(), one) << size;
  }
  whole.front() = std::byte{1};
  EXPECT_FALSE(parse_known(whole));
}

TEST(QubeMessage, EveryErrorIsDescribed) {
  for (const MessageError each : {MessageError::unknown_kind, MessageError::wrong_length,
                                  MessageError::bad_text, MessageError::other_version}) {
    EXPECT_GT(describe(each).size(), 10U);
  }
}

}  // namespace
}  // namespace scannerqube
