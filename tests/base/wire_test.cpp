// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <array>

#include "base/wire/base64.hpp"
#include "base/wire/escape.hpp"
#include "base/wire/frame.hpp"
#include "base/wire/hello.hpp"
#include "base/wire/reader.hpp"
#include "base/wire/writer.hpp"

namespace base::wire {
namespace {

template <class... Ts>
std::vector<std::byte> bytes(Ts... values) {
  return {static_cast<std::byte>(values)...};
}

TEST(Reader, ReadsBothByteOrders) {
  const auto wire = bytes(1, 2, 3, 4, 5, 6, 7);
  Reader little(wire);
  EXPECT_EQ(little.u16(), 0x0201);
  EXPECT_EQ(little.u32(), 0x06050403U);
  BigReader big(wire);
  EXPECT_EQ(big.u16(), 0x0102);
  EXPECT_EQ(big.u32(), 0x03040506U);
  EXPECT_FALSE(big.done());
  EXPECT_EQ(big.u8(), 7);
  EXPECT_TRUE(big.done());
}

TEST(Reader, FailsForGoodPastTheEnd) {
  const auto wire = bytes(1, 2, 3);
  Reader in(wire);
  EXPECT_EQ(in.u32(), 0U);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.u8(), 0);  // although a byte would have been there
  EXPECT_FALSE(in.done());
}

// The vectors of RFC 4648, section 10.
TEST(Base64, IsPaddedToFours) {
  const std::array<std::pair<std::string_view, std::string_view>, 8> vectors{
      {{"", ""},
       {"f", "Zg=="},
       {"fo", "Zm8="},
       {"foo", "Zm9v"},
       {"foob", "Zm9vYg=="},
       {"fooba", "Zm9vYmE="},
       {"foobar", "Zm9vYmFy"},
       {"\xfb\xff\xbf", "+/+/"}}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(to_base64(as_bytes(bytes)), text);
  }
}

TEST(Writer, IsTheReadersCounterpart) {
  std::vector<std::byte> out;
  Writer(out).u8(1).u16(0x0302).u32(0x07060504).u64(0x0f0e0d0c0b0a0908).text("ab").zeros(2);
  Reader in(out);
  EXPECT_EQ(in.u8(), 1);
  EXPECT_EQ(in.u16(), 0x0302);
  EXPECT_EQ(in.u32(), 0x07060504U);
  EXPECT_EQ(in.u64(), 0x0f0e0d0c0b0a0908U);
  EXPECT_EQ(as_text(in.take(2)), "ab");
  EXPECT_EQ(in.u16(), 0);
  EXPECT_TRUE(in.done());
  out.clear();
  BigWriter(out).u32(0x01020304);
  EXPECT_EQ(out, bytes(1, 2, 3, 4));
}

TEST(Frame, ComesOutWholeHoweverItIsCut) {
  std::vector<std::byte> wire;
  append_frame(wire, bytes(7, 8));
  append_frame(wire, {});
  append_frame(wire, bytes(9));
  FrameDecoder decoder;
  std::vector<std::vector<std::byte>> frames;
  for (const std::byte b : wire) {
    decoder.push(std::span(&b, 1));
    auto frame = decoder.next();
    ASSERT_TRUE(frame.has_value());
    if (frame->has_value()) frames.push_back(**frame);
  }
  EXPECT_EQ(frames, (std::vector{bytes(7, 8), bytes(), bytes(9)}));
}

TEST(Frame, RefusesALengthBeyondTheBoundBeforeTheBytesArrive) {
  FrameDecoder decoder;
  decoder.push(bytes(0x01, 0x20, 0, 0));  // 8193
  EXPECT_FALSE(decoder.next().has_value());
  FrameDecoder biggest;
  biggest.push(bytes(0x00, 0x20, 0, 0));  // 8192: legal, waits for its bytes
  ASSERT_TRUE(biggest.next().has_value());
}

TEST(Hello, HasTheBytesOfTheProtocolPage) {
  Hello hello{.kind = StreamKind::data, .features = 5, .token = {}};
  hello.token[0] = std::byte{0xaa};
  const auto wire = encode_hello(hello);
  EXPECT_EQ(as_text(std::span(wire).first(4)), "SLYP");
  EXPECT_EQ(wire[4], std::byte{1});
  EXPECT_EQ(wire[6], std::byte{2});
  EXPECT_EQ(wire[8], std::byte{5});
  EXPECT_EQ(wire[16], std::byte{0xaa});
  const auto back = parse_hello(wire);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(*back, hello);
}

TEST(Hello, RefusesWithTheReason) {
  const auto good = encode_hello(Hello{});
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_EQ(parse_hello(std::span(good).first(length)).error(), HelloError::truncated) << length;
  }
  auto wrong = good;
  wrong[0] = std::byte{'X'};
  EXPECT_EQ(parse_hello(wrong).error(), HelloError::not_sallyport);
  wrong = good;
  wrong[4] = std::byte{2};
  EXPECT_EQ(parse_hello(wrong).error(), HelloError::unknown_major);
  wrong = good;
  wrong[6] = std::byte{3};
  EXPECT_EQ(parse_hello(wrong).error(), HelloError::unknown_kind);
}

TEST(Hello, IgnoresUnknownFeatures) {
  EXPECT_TRUE(
      parse_hello(encode_hello(Hello{.kind = StreamKind::control, .features = ~0ULL, .token = {}}))
          .has_value());
}

TEST(Escape, LeavesNothingForATerminalToObey) {
  EXPECT_EQ(escape("plain text"), "plain text");
  EXPECT_EQ(escape("\x1b[2Jx\n\\"), "\\x1b[2Jx\\x0a\\\\");
  EXPECT_EQ(escape("\xe2\x80\xae"), "\\xe2\\x80\\xae");  // right-to-left override
  EXPECT_EQ(escape("abcdef", 3), "abc...");
}

}  // namespace
}  // namespace base::wire
