// SPDX-License-Identifier: GPL-2.0-or-later
// USB/IP messages: golden bytes, every cut, bounds, and replies that cannot exceed their request.
#include "usbproxy/usbip.hpp"

#include <gtest/gtest.h>

#include "base/wire/writer.hpp"

namespace usbproxy::usbip {
namespace {

using Buffer = std::vector<std::byte>;

Submit bulk(Direction direction, std::uint32_t length) {
  Submit submit;
  submit.seqnum = 0x01020304;
  submit.devid = 0x00010002;
  submit.direction = direction;
  submit.endpoint = 2;
  submit.length = length;
  return submit;
}

std::optional<UsbipError> error_of(const Buffer& bytes) {
  Parser parser;
  EXPECT_TRUE(parser.push(bytes));
  const auto command = parser.next();
  return command ? std::nullopt : std::optional(command.error());
}

TEST(Usbip, ReadsACommandAtEveryCut) {
  Submit submit = bulk(Direction::out, 5);
  submit.flags = flag::zero_packet;
  submit.setup = {0x21, 9, 0x0200, 3, 5};
  Buffer all;
  append_cmd_submit(all, submit, Buffer(5, std::byte{7}));
  append_cmd_unlink(all, 9, 8);
  ASSERT_EQ(all.size(), 48U + 5U + 48U);
  EXPECT_EQ(all[3], std::byte{1});  // big endian
  EXPECT_EQ(all[4], std::byte{1});
  EXPECT_EQ(all[40], std::byte{0x21});
  EXPECT_EQ(all[43], std::byte{0x02});  // setup is little endian
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    Parser parser;
    ASSERT_TRUE(parser.push(base::wire::Bytes(all).first(cut)));
    auto command = parser.next();
    ASSERT_TRUE(command);
    EXPECT_EQ(*command != nullptr, cut >= 53);
    ASSERT_TRUE(parser.push(base::wire::Bytes(all).subspan(cut)));
    if (*command == nullptr) command = parser.next();
    ASSERT_TRUE(command && *command != nullptr);
    EXPECT_EQ((*command)->submit.setup.value, 0x0200);
    EXPECT_EQ((*command)->submit.seqnum, submit.seqnum);
    command = parser.next();
    ASSERT_TRUE(command && *command != nullptr);
    EXPECT_EQ((*command)->kind, CommandKind::unlink);
    EXPECT_EQ((*command)->victim, 8U);
    EXPECT_EQ(*parser.next(), nullptr);
  }
}

TEST(Usbip, BoundsWhatTheKernelMayAsk) {
  const auto patched = [](std::size_t at, unsigned value) {
    Buffer out;
    append_cmd_submit(out, bulk(Direction::in, 0));
    out[at] = static_cast<std::byte>(value);
    return error_of(out);
  };
  EXPECT_EQ(patched(3, 3), UsbipError::unknown_command);
  EXPECT_EQ(patched(15, 2), UsbipError::bad_direction);
  EXPECT_EQ(patched(19, 16), UsbipError::bad_endpoint);
  EXPECT_EQ(patched(24, 0x80), UsbipError::too_long);
  EXPECT_EQ(patched(34, 0x7f), UsbipError::too_many_packets);
  EXPECT_EQ(patched(27, 9), std::nullopt);
}

TEST(Usbip, TakesMinusOneAsNoIsoPackets) {
  Submit submit = bulk(Direction::in, 8);
  submit.iso_packets = 0xffffffffU;
  Buffer out;
  append_cmd_submit(out, submit);
  Parser parser;
  ASSERT_TRUE(parser.push(out));
  EXPECT_EQ((*parser.next())->submit.iso_packets, 0U);
}

TEST(Usbip, AReplyNeverCarriesMoreThanWasAsked) {
  Buffer out;
  const Buffer data(20);
  EXPECT_EQ(append_ret_submit(out, bulk(Direction::in, 8), {0, 0, data}).size(), 8U);
  base::wire::BigReader in(out);
  EXPECT_EQ(in.u32(), 3U);
  EXPECT_EQ(in.u32(), 0x01020304U);
  EXPECT_EQ(in.u32(), 0x00010002U);
  in.take(12);
  EXPECT_EQ(in.u32(), 8U);
  EXPECT_EQ(out.size(), header_size);
  out.clear();
  EXPECT_TRUE(append_ret_submit(out, bulk(Direction::out, 8), {-32, 99, data}).empty());
  base::wire::BigReader written(out);
  written.take(20);
  EXPECT_EQ(written.u32(), 0xffffffe0U);
  EXPECT_EQ(written.u32(), 8U);
}

TEST(Usbip, AnIsoFailureCopiesOffsetsAndLengths) {
  Submit submit = bulk(Direction::in, 400);
  submit.iso_packets = 2;
  Buffer iso;
  base::wire::BigWriter(iso).u32(0).u32(200).u32(5).u32(6).u32(200).u32(200).u32(7).u32(8);
  Buffer out;
  append_iso_failure(out, submit, iso, -38);
  ASSERT_EQ(out.size(), header_size + 32);
  base::wire::BigReader in(out);
  in.take(header_size);
  EXPECT_EQ(in.u32(), 0U);
  EXPECT_EQ(in.u32(), 200U);
  EXPECT_EQ(in.u32(), 0U);
  EXPECT_EQ(in.u32(), 0xffffffdaU);
  EXPECT_EQ(in.u32(), 200U);
}

}  // namespace
}  // namespace usbproxy::usbip
