// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/nbd/reply.hpp"

#include <gtest/gtest.h>

#include "tests/block-proxy/nbd/bytes.hpp"

namespace {

using blockproxy::nbd::Cookie;
using blockproxy::nbd::Extent;
using blockproxy::nbd::Last;
using blockproxy::nbd::WireError;
using tests::to_hex;

constexpr Cookie some_cookie{0x0102030405060708};

TEST(Reply, Simple) {
  EXPECT_EQ(to_hex(blockproxy::nbd::simple_reply(some_cookie, WireError::none)),
            "67446698000000000102030405060708");
  EXPECT_EQ(to_hex(blockproxy::nbd::simple_reply(some_cookie, WireError::not_permitted)),
            "67446698000000010102030405060708");
}

TEST(Reply, DataAndHoles) {
  EXPECT_EQ(to_hex(blockproxy::nbd::data_chunk(some_cookie, 0x1000, 512, Last::no)),
            "668e33ef00000001010203040506070800000208"
            "0000000000001000");
  EXPECT_EQ(to_hex(blockproxy::nbd::hole_chunk(some_cookie, 0x1000, 512, Last::yes)),
            "668e33ef0001000201020304050607080000000c"
            "0000000000001000"
            "00000200");
}

TEST(Reply, Errors) {
  std::vector<std::byte> out;
  blockproxy::nbd::append_error_chunk(out, some_cookie, WireError::io, "no");
  EXPECT_EQ(to_hex(out),
            "668e33ef00018001010203040506070800000008"
            "00000005"
            "0002"
            "6e6f");
  out.clear();
  blockproxy::nbd::append_error_offset_chunk(out, some_cookie, WireError::io, "no", 0x1000);
  EXPECT_EQ(to_hex(out),
            "668e33ef00018002010203040506070800000010"
            "00000005"
            "0002"
            "6e6f"
            "0000000000001000");
}

TEST(Reply, ALongMessageIsCut) {
  std::vector<std::byte> out;
  blockproxy::nbd::append_error_chunk(out, some_cookie, WireError::io, std::string(1000, 'x'));
  EXPECT_EQ(out.size(), blockproxy::nbd::chunk_header_size + 6 + 255);
}

TEST(Reply, BlockStatus) {
  std::vector<std::byte> out;
  const std::array<Extent, 2> extents{{{4096, 0}, {512, 3}}};
  blockproxy::nbd::append_block_status(out, some_cookie, 1, extents);
  EXPECT_EQ(to_hex(out),
            "668e33ef00010005010203040506070800000014"
            "00000001"
            "0000100000000000"
            "0000020000000003");
}

}  // namespace
