// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/nbd/server_session.hpp"

#include <gtest/gtest.h>

#include "tests/block-proxy/nbd/bytes.hpp"

namespace {

using blockproxy::nbd::Access;
using blockproxy::nbd::Command;
using blockproxy::nbd::Export;
using blockproxy::nbd::Incoming;
using blockproxy::nbd::ServerSession;
using blockproxy::nbd::WireError;
using Kind = Incoming::Kind;
using tests::hex;
using tests::operator+;

struct Fields {
  unsigned flags = 0;
  unsigned command = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 4096;
};

std::vector<std::byte> request(const Fields& fields) {
  return std::vector<std::byte>{} + [&] {
    const auto bytes = blockproxy::nbd::Encoder<28>{}
                           .put(blockproxy::nbd::request_magic)
                           .put(static_cast<std::uint16_t>(fields.flags))
                           .put(static_cast<std::uint16_t>(fields.command))
                           .put(std::uint64_t{0x1122334455667788})
                           .put(fields.offset)
                           .put(static_cast<std::uint32_t>(fields.length))
                           .bytes();
    return std::vector<std::byte>(bytes.begin(), bytes.end());
  }();
}

Export export_with(Access access) {
  Export offered;
  offered.size = 1 << 20;
  offered.access = access;
  return offered;
}

Incoming first(const std::vector<std::byte>& bytes, Access access = Access::read_write) {
  const Export offered = export_with(access);
  ServerSession session(offered, {true, true, true});
  base::wire::Bytes input = bytes;
  return session.next(input);
}

WireError refusal(const Fields& fields, Access access = Access::read_write) {
  auto bytes = request(fields);
  if (fields.command == 1) bytes.resize(bytes.size() + fields.length);
  const Incoming incoming = first(bytes, access);
  EXPECT_TRUE(incoming.kind == Kind::refused || incoming.error == WireError::none);
  return incoming.kind == Kind::refused ? incoming.error : WireError::none;
}

TEST(ServerSession, TakesARequestByteByByte) {
  const auto bytes = hex("25609513 0004 0000 1122334455667788 0000000000001000 00000200");
  const Export offered = export_with(Access::read_only);
  ServerSession session(offered, {true, true, true});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    base::wire::Bytes input = std::span(bytes).first(size);
    EXPECT_EQ(session.next(input).kind, Kind::more);
    EXPECT_EQ(input.size(), size);
  }
  base::wire::Bytes input = bytes;
  const Incoming incoming = session.next(input);
  EXPECT_EQ(incoming.kind, Kind::request);
  EXPECT_EQ(incoming.request.cookie.value, 0x1122334455667788U);
  EXPECT_EQ(incoming.request.command, Command::read);
  EXPECT_TRUE(incoming.request.has(blockproxy::nbd::command_df));
  EXPECT_EQ(incoming.request.offset, 0x1000U);
  EXPECT_EQ(incoming.request.length, 0x200U);
  EXPECT_TRUE(input.empty());
}

TEST(ServerSession, TheExportIsTheBound) {
  constexpr std::uint64_t size = 1 << 20;
  EXPECT_EQ(refusal({0, 0, size - 512, 512}), WireError::none);
  EXPECT_EQ(refusal({0, 0, size - 512, 1024}), WireError::invalid);
  EXPECT_EQ(refusal({0, 0, size, 512}), WireError::invalid);
  EXPECT_EQ(refusal({0, 0, ~std::uint64_t{511}, 512}), WireError::invalid);
  EXPECT_EQ(refusal({0, 0, ~std::uint64_t{0}, 0xffffffff}), WireError::invalid);
  EXPECT_EQ(refusal({0, 1, size - 512, 1024}), WireError::no_space);
  EXPECT_EQ(refusal({0, 4, 512, size}), WireError::invalid);
  EXPECT_EQ(refusal({0, 6, 512, size}), WireError::no_space);
  EXPECT_EQ(refusal({0, 7, 0, 0xffffffff}), WireError::invalid);
}

TEST(ServerSession, NothingOfNoLengthButAFlush) {
  for (unsigned command : {0U, 1U, 4U, 5U, 6U, 7U}) {
    EXPECT_EQ(refusal({0, command, 0, 0}), WireError::invalid) << command;
  }
  EXPECT_EQ(refusal({0, 3, 0, 0}), WireError::none);
  EXPECT_EQ(refusal({0, 3, 0, 512}), WireError::invalid);
}

TEST(ServerSession, AlignmentHoldsOnceAgreed) {
  EXPECT_EQ(refusal({0, 0, 1, 512}), WireError::invalid);
  EXPECT_EQ(refusal({0, 0, 0, 511}), WireError::invalid);
  EXPECT_EQ(refusal({0, 1, 0, 513}), WireError::invalid);
  const Export offered = export_with(Access::read_only);
  ServerSession session(offered, {true, true, false});
  const auto bytes = request({0, 0, 1, 3});
  base::wire::Bytes input = bytes;
  EXPECT_EQ(session.next(input).kind, Kind::request);
}

TEST(ServerSession, AnOddTailCanBeReached) {
  Export offered = export_with(Access::read_only);
  offered.size = 1001;
  EXPECT_EQ(offered.minimum_block(), 1U);
  ServerSession session(offered, {true, true, true});
  const auto bytes = request({0, 0, 1000, 1});
  base::wire::Bytes input = bytes;
  EXPECT_EQ(session.next(input).kind, Kind::request);
}

TEST(ServerSession, ReadOnlyLetsNothingOutThatChanges) {
  for (unsigned command : {1U, 4U, 6U}) {
    for (unsigned flags : {0U, 1U}) {
      EXPECT_EQ(refusal({flags, command, 0, 4096}, Access::read_only), WireError::not_permitted);
    }
  }
  EXPECT_EQ(refusal({0, 3, 0, 0}, Access::read_only), WireError::none);
}

TEST(ServerSession, CommandsAndFlagsThatAreNotKnown) {
  for (unsigned command : {8U, 9U, 0x100U, 0xffffU}) {
    EXPECT_EQ(refusal({0, command, 0, 512}), WireError::invalid) << command;
  }
  EXPECT_EQ(refusal({2, 0, 0, 512}), WireError::invalid);
  EXPECT_EQ(refusal({4, 1, 0, 512}), WireError::invalid);
  EXPECT_EQ(refusal({0x20, 6, 0, 512}), WireError::invalid);
  EXPECT_EQ(refusal({0x8000, 7, 0, 512}), WireError::invalid);
  EXPECT_EQ(refusal({1, 6, 0, 512}), WireError::none);
  EXPECT_EQ(refusal({0x12, 6, 0, 512}), WireError::none);
  EXPECT_EQ(refusal({8, 7, 0, 512}), WireError::none);
}

TEST(ServerSession, WhatWasNotAgreedIsRefused) {
  const Export offered = export_with(Access::read_only);
  ServerSession session(offered, {});
  const auto bytes = request({4, 0, 0, 512}) + request({0, 7, 0, 512});
  base::wire::Bytes input = bytes;
  EXPECT_EQ(session.next(input).error, WireError::invalid);
  EXPECT_EQ(session.next(input).error, WireError::invalid);
}

TEST(ServerSession, LongReadsOverflowAndLongWritesBreak) {
  Export offered = export_with(Access::read_write);
  offered.size = 1ULL << 40;
  ServerSession session(offered, {true, true, true});
  const auto bytes = request({0, 0, 0, (32U << 20) + 512}) + request({0, 4, 0, 0xfffffe00}) +
                     request({0, 1, 0, (32U << 20) + 512});
  base::wire::Bytes input = bytes;
  EXPECT_EQ(session.next(input).error, WireError::overflow);
  EXPECT_EQ(session.next(input).kind, Kind::request);  // no data comes with a trim
  EXPECT_EQ(session.next(input).kind, Kind::broken);
}

TEST(ServerSession, AWriteComesOutInWholePieces) {
  constexpr std::size_t piece = ServerSession::write_piece;
  const Export offered = export_with(Access::read_write);
  ServerSession session(offered, {true, true, true});
  auto bytes = request({1, 1, 4096, 2 * piece + 512});
  bytes.resize(bytes.size() + 2 * piece + 512, std::byte{7});
  base::wire::Bytes input = std::span(bytes).first(28 + piece + 100);
  const Incoming head = session.next(input);
  EXPECT_EQ(head.kind, Kind::write_data);
  EXPECT_EQ(head.data.size(), piece);
  EXPECT_EQ(head.data_offset, 4096U);
  EXPECT_FALSE(head.last);
  EXPECT_EQ(input.size(), 100U);
  EXPECT_EQ(session.next(input).kind, Kind::more);
  input = std::span(bytes).subspan(28 + piece);
  const Incoming tail = session.next(input);
  EXPECT_EQ(tail.data.size(), piece + 512);
  EXPECT_EQ(tail.data_offset, 4096 + piece);
  EXPECT_TRUE(tail.last);
  EXPECT_TRUE(tail.request.has(blockproxy::nbd::command_fua));
}

TEST(ServerSession, APayloadThatIsRefusedIsPassedOver) {
  const Export offered = export_with(Access::read_only);
  ServerSession session(offered, {true, true, true});
  auto bytes = request({0, 1, 0, 1000});
  bytes.resize(bytes.size() + 1000);
  bytes = bytes + request({0, 2, 0, 0});
  base::wire::Bytes input = std::span(bytes).first(28 + 999);
  EXPECT_EQ(session.next(input).kind, Kind::more);
  EXPECT_TRUE(input.empty());
  input = std::span(bytes).subspan(28 + 999);
  const Incoming refused = session.next(input);
  EXPECT_EQ(refused.kind, Kind::refused);
  EXPECT_EQ(refused.error, WireError::not_permitted);
  EXPECT_EQ(session.next(input).kind, Kind::disconnect);
}

TEST(ServerSession, AWrongMagicBreaks) {
  EXPECT_EQ(first(std::vector<std::byte>(28)).kind, Kind::broken);
  EXPECT_EQ(first(hex("25609514 0000 0000 0000000000000000 0000000000000000 00000200")).kind,
            Kind::broken);
}

}  // namespace
