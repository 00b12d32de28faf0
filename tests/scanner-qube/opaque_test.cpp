// SPDX-License-Identifier: GPL-2.0-or-later
// What libclamav would pass over in silence.
#include "scanner-qube/engine/opaque.hpp"

#include <gtest/gtest.h>

#include <array>

#include "base/wire/writer.hpp"
#include "scanner-qube/engine/zip_check.hpp"

namespace scannerqube {
namespace {

using base::wire::as_bytes;
using namespace std::string_view_literals;

std::vector<std::string> doubts(std::string_view text) { return not_opened(as_bytes(text)); }

TEST(Opaque, NamesContainersWithoutAReader) {
  for (const std::string_view begin :
       {"\x28\xb5\x2f\xfd rest"sv, "LZIP\x01 rest"sv, "-------**ACE** rest"sv, "hsqs rest"sv,
        "!<arch>\ndebian-binary "sv, "LUKS\xba\xbe rest"sv}) {
    EXPECT_EQ(doubts(begin).size(), 1U) << begin;
  }
  EXPECT_TRUE(doubts("").empty());
  EXPECT_TRUE(doubts("text").empty());
  EXPECT_TRUE(doubts("!<arch>\nlibsomething.o/ ").empty());
}

TEST(Opaque, NamesOldLzmaByItsParameters) {
  EXPECT_EQ(doubts("\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff rest"sv).size(), 1U);
  EXPECT_EQ(doubts("\x5d\0\0\x80\0\x10\0\0\0\0\0\0\0 rest"sv).size(), 1U);
  EXPECT_TRUE(doubts("\x5d\0\0\x81\0\x10\0\0\0\0\0\0\0 rest"sv).empty());
  EXPECT_TRUE(doubts("\x5d\0\0\x80\0\x10\0\0\0\0\0\0\x10 rest"sv).empty());
}

TEST(Opaque, ASecondBzip2StreamIsSaid) {
  EXPECT_TRUE(doubts("BZh91AY&SY content").empty());
  EXPECT_TRUE(doubts("BZh91AY&SY content BZh but no stream").empty());
  EXPECT_EQ(doubts("BZh91AY&SY content BZh51AY&SY").size(), 1U);
}

TEST(Opaque, AnXzStreamNeedsItsEnd) {
  EXPECT_EQ(doubts("\xfd\x37zXZ\0 content"sv).size(), 1U);
  EXPECT_TRUE(doubts("\xfd\x37zXZ\0 content YZ"sv).empty());
  EXPECT_TRUE(doubts("\xfd\x37zXZ\0 content YZ\0\0\0\0"sv).empty());
}

struct Zip {
  std::uint16_t method = 8;
  std::uint16_t local_method = 8;
  std::uint32_t local_packed = 4;
  std::uint32_t offset = 0;
  std::uint16_t count = 1;
  std::string before = {};

  std::string bytes() const {
    std::vector<std::byte> out;
    base::wire::Writer w(out);
    w.text(before).text("PK\x03\x04").u16(20).u16(0).u16(local_method).u32(0).u32(0);
    w.u32(local_packed).u32(4).u16(1).u16(0).text("a").text("data");
    const auto start = static_cast<std::uint32_t>(out.size() - before.size());
    w.text("PK\x01\x02").u16(20).u16(20).u16(0).u16(method).u32(0).u32(0).u32(4).u32(4);
    w.u16(1).u16(0).u16(0).u16(0).u16(0).u32(0).u32(offset).text("a");
    const auto size = static_cast<std::uint32_t>(out.size() - before.size() - start);
    w.text("PK\x05\x06").u16(0).u16(0).u16(count).u16(count).u32(size).u32(start).u16(0);
    return std::string(base::wire::as_text(out));
  }
};

std::string doubt_of(const std::string& bytes) {
  return zip_doubt(as_bytes(bytes)).value_or("none");
}

TEST(ZipCheck, AnHonestArchiveIsInNoDoubt) {
  EXPECT_EQ(doubt_of(Zip{}.bytes()), "none");
  EXPECT_EQ(doubt_of(Zip{.before = "MZ a program"}.bytes()), "none");
  EXPECT_EQ(doubt_of("no archive"), "none");
  EXPECT_EQ(doubt_of("a program that says PK\x05\x06 and more than twenty bytes"), "none");
}

TEST(ZipCheck, WhatTheHeadersSayDifferentlyIsADoubt) {
  EXPECT_NE(doubt_of(Zip{.local_method = 0}.bytes()), "none");
  EXPECT_NE(doubt_of(Zip{.local_packed = 3}.bytes()), "none");
  EXPECT_NE(doubt_of(Zip{.offset = 1}.bytes()), "none");
  EXPECT_NE(doubt_of(Zip{.offset = 0xfffffff0}.bytes()), "none");
  EXPECT_NE(doubt_of(Zip{.count = 0}.bytes()), "none");
  EXPECT_NE(doubt_of(Zip{.count = 2}.bytes()), "none");
  EXPECT_NE(doubt_of(Zip{.before = Zip{}.bytes()}.bytes()), "none");
}

TEST(ZipCheck, AMethodThatNobodyHereUnpacksIsADoubt) {
  for (const std::uint16_t method : std::array<std::uint16_t, 6>{1, 14, 93, 95, 98, 99}) {
    EXPECT_NE(doubt_of(Zip{.method = method, .local_method = method}.bytes()).find("method"),
              std::string::npos)
        << method;
  }
}

TEST(ZipCheck, EveryShorterArchiveIsADoubt) {
  const std::string all = Zip{}.bytes();
  for (std::size_t size = 4; size < all.size(); ++size) {
    EXPECT_NE(doubt_of(all.substr(0, size)), "none") << size;
  }
}

}  // namespace
}  // namespace scannerqube
