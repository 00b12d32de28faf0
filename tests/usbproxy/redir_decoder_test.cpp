// SPDX-License-Identifier: GPL-2.0-or-later
// The usbredir decoder: golden bytes, every cut, every wrong length, directions and bounds.
#include "usbproxy/redir_decoder.hpp"

#include <gtest/gtest.h>

#include "base/wire/writer.hpp"

namespace usbproxy::redir {
namespace {

using Buffer = std::vector<std::byte>;

Buffer hello(std::uint32_t caps = 0xff) {
  Buffer out;
  append_hello(out, caps);
  return out;
}

Decoder greeted(Sender sender, std::uint32_t ours = 0xff, std::uint32_t theirs = 0xff) {
  Decoder decoder(sender, ours);
  EXPECT_TRUE(decoder.push(hello(theirs)));
  EXPECT_TRUE(decoder.next());
  return decoder;
}

Buffer raw(std::uint32_t type, std::uint32_t length, std::size_t body_bytes) {
  Buffer out;
  base::wire::Writer(out).u32(type).u32(length).u64(1).zeros(body_bytes);
  return out;
}

std::optional<RedirError> error_of(Decoder decoder, const Buffer& bytes) {
  EXPECT_TRUE(decoder.push(bytes));
  const auto packet = decoder.next();
  return packet ? std::nullopt : std::optional(packet.error());
}

// A bulk IN answer of 3 bytes with all capabilities, byte by byte as the specification says.
const Buffer golden = [] {
  const std::array<unsigned, 29> bytes{101, 0,    0, 0, 13, 0, 0, 0, 7, 0, 0, 0,   9,   0,  0,
                                       0,   0x81, 4, 3, 0,  0, 0, 0, 0, 0, 0, 'a', 'b', 'c'};
  Buffer out;
  for (const unsigned byte : bytes) out.push_back(static_cast<std::byte>(byte));
  return out;
}();

TEST(RedirDecoder, ReadsGoldenBytes) {
  Decoder decoder = greeted(Sender::host);
  ASSERT_TRUE(decoder.push(golden));
  const auto packet = decoder.next();
  ASSERT_TRUE(packet && *packet != nullptr);
  EXPECT_EQ((*packet)->type, PacketType::bulk_packet);
  EXPECT_EQ((*packet)->id, 0x900000007U);
  const auto& body = std::get<BulkPacket>((*packet)->body);
  EXPECT_EQ(body.endpoint, 0x81);
  EXPECT_EQ(body.status, status::stall);
  EXPECT_EQ(body.length, 3U);
  EXPECT_EQ((*packet)->data.size(), 3U);
  EXPECT_EQ((*packet)->raw.size(), golden.size());
}

TEST(RedirDecoder, WritesGoldenBytes) {
  Buffer out;
  append_packet(out, 0xff, PacketType::bulk_packet, 0x900000007U, BulkPacket{0x81, 4, 3, 0},
                base::wire::as_bytes("abc"));
  EXPECT_EQ(out, golden);
}

TEST(RedirDecoder, WaitsForMoreAtEveryCut) {
  Buffer all = hello();
  all.insert(all.end(), golden.begin(), golden.end());
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    Decoder decoder(Sender::host, 0xff);
    std::size_t packets = 0;
    const auto drain = [&] {
      for (;;) {
        const auto packet = decoder.next();
        ASSERT_TRUE(packet);
        if (*packet == nullptr) return;
        ++packets;
      }
    };
    ASSERT_TRUE(decoder.push(base::wire::Bytes(all).first(cut)));
    drain();
    EXPECT_EQ(packets, cut < 80U ? 0U : cut < all.size() ? 1U : 2U) << cut;
    ASSERT_TRUE(decoder.push(base::wire::Bytes(all).subspan(cut)));
    drain();
    EXPECT_EQ(packets, 2U) << cut;
  }
}

TEST(RedirDecoder, DemandsOneHelloFirst) {
  EXPECT_EQ(error_of(Decoder(Sender::host, 0xff), golden), RedirError::hello_missing);
  EXPECT_EQ(error_of(greeted(Sender::host), raw(0, 68, 68)), RedirError::hello_repeated);
  Buffer no_nul = hello();
  std::fill_n(no_nul.begin() + 12, 64, std::byte{'x'});
  EXPECT_EQ(error_of(Decoder(Sender::host, 0xff), no_nul), RedirError::version_not_text);
}

TEST(RedirDecoder, BoundsTheHellosCapabilities) {
  for (const std::size_t words : {0U, 1U, 4U, 5U}) {
    Buffer out;
    const std::size_t size = 64 + 4 * words;
    base::wire::Writer(out).u32(0).u32(static_cast<std::uint32_t>(size)).u32(0).zeros(size);
    const auto error = error_of(Decoder(Sender::guest, 0xff), out);
    EXPECT_EQ(error, words > 4 ? std::optional(RedirError::too_long) : std::nullopt);
  }
}

TEST(RedirDecoder, RefusesUnknownTypesAndOtherDirections) {
  for (const std::uint32_t type : {28U, 99U, 105U, 0xffffffffU}) {
    EXPECT_EQ(error_of(greeted(Sender::host), raw(type, 0, 0)), RedirError::unknown_type);
  }
  const std::array from_guest{3U,  6U,  7U,  9U,  10U, 12U, 13U, 15U,
                              16U, 18U, 19U, 21U, 22U, 24U, 25U, 26U};
  for (const std::uint32_t type : from_guest) {
    EXPECT_EQ(error_of(greeted(Sender::host), raw(type, 0, 0)), RedirError::wrong_direction);
  }
  for (const std::uint32_t type : {1U, 2U, 4U, 5U, 8U, 11U, 14U, 17U, 20U, 27U, 104U}) {
    EXPECT_EQ(error_of(greeted(Sender::guest), raw(type, 0, 0)), RedirError::wrong_direction);
  }
  EXPECT_EQ(error_of(greeted(Sender::guest, 0xfe), raw(18, 8, 8)), RedirError::not_negotiated);
}

TEST(RedirDecoder, RefusesEveryWrongLengthBeforeTheBodyCame) {
  struct Case {
    std::uint32_t type, size;
    Sender sender;
  };
  const std::array cases{
      Case{1, 10, Sender::host},  Case{2, 0, Sender::host},    Case{4, 132, Sender::host},
      Case{5, 288, Sender::host}, Case{8, 2, Sender::host},    Case{11, 3, Sender::host},
      Case{14, 2, Sender::host},  Case{17, 2, Sender::host},   Case{20, 9, Sender::host},
      Case{27, 6, Sender::host},  Case{3, 0, Sender::guest},   Case{6, 1, Sender::guest},
      Case{9, 2, Sender::guest},  Case{10, 1, Sender::guest},  Case{12, 3, Sender::guest},
      Case{15, 1, Sender::guest}, Case{18, 8, Sender::guest},  Case{19, 4, Sender::guest},
      Case{21, 0, Sender::guest}, Case{25, 10, Sender::guest}, Case{26, 5, Sender::guest}};
  for (const Case& one : cases) {
    EXPECT_EQ(error_of(greeted(one.sender), raw(one.type, one.size, one.size)), std::nullopt);
    for (const std::uint32_t wrong : {one.size - 1, one.size + 1, 0x80000000U, 0xffffffffU}) {
      EXPECT_EQ(error_of(greeted(one.sender), raw(one.type, wrong, 0)), RedirError::wrong_length)
          << one.type << ' ' << wrong;
    }
  }
  for (const std::size_t length : {10U + max_data + 1, std::size_t{0x80000000U}}) {
    EXPECT_EQ(error_of(greeted(Sender::host), raw(101, static_cast<std::uint32_t>(length), 0)),
              RedirError::too_long);
  }
}

TEST(RedirDecoder, DemandsDataExactlyWhereItBelongs) {
  const auto bulk = [](Sender sender, std::uint8_t endpoint, std::uint32_t length,
                       std::size_t data) {
    Buffer out;
    append_packet(out, 0xff, PacketType::bulk_packet, 1, BulkPacket{endpoint, 0, length, 0},
                  Buffer(data));
    return error_of(greeted(sender), out);
  };
  EXPECT_EQ(bulk(Sender::host, 0x81, 5, 5), std::nullopt);
  EXPECT_EQ(bulk(Sender::host, 0x02, 5, 0), std::nullopt);
  EXPECT_EQ(bulk(Sender::guest, 0x81, 5, 0), std::nullopt);
  EXPECT_EQ(bulk(Sender::guest, 0x02, 5, 5), std::nullopt);
  EXPECT_EQ(bulk(Sender::host, 0x81, 5, 4), RedirError::wrong_length);
  EXPECT_EQ(bulk(Sender::host, 0x81, 5, 6), RedirError::wrong_length);
  EXPECT_EQ(bulk(Sender::host, 0x02, 5, 5), RedirError::wrong_length);
  EXPECT_EQ(bulk(Sender::guest, 0x81, 5, 5), RedirError::wrong_length);
  EXPECT_EQ(bulk(Sender::guest, 0x81, max_data + 1, 0), RedirError::too_long);
  Buffer out;
  append_packet(out, 0xff, PacketType::iso_packet, 1, DataPacket{0x02, 0, 0});
  EXPECT_EQ(error_of(greeted(Sender::host), out), RedirError::wrong_direction);
}

TEST(RedirDecoder, ChecksCountsAndFilters) {
  Buffer out;
  append_packet(out, 0xff, PacketType::interface_info, 0, InterfaceInfo{33, {}, {}, {}, {}});
  EXPECT_EQ(error_of(greeted(Sender::host), out), RedirError::bad_count);
  const auto filter = [](const Buffer& text) {
    Buffer bytes;
    append_packet(bytes, 0xff, PacketType::filter_filter, 0, Empty{}, text);
    return error_of(greeted(Sender::host), bytes);
  };
  EXPECT_EQ(filter({}), RedirError::filter_not_text);
  EXPECT_EQ(filter({std::byte{'a'}}), RedirError::filter_not_text);
  EXPECT_EQ(filter({std::byte{0}, std::byte{0}}), RedirError::filter_not_text);
  EXPECT_EQ(filter({std::byte{'a'}, std::byte{0}}), std::nullopt);
  EXPECT_EQ(filter(Buffer(max_filter + 1)), RedirError::too_long);
}

TEST(RedirDecoder, UsesNarrowHeadersWithoutCapabilities) {
  Decoder decoder = greeted(Sender::host, 0xff, 0);
  EXPECT_EQ(decoder.caps(), 0U);
  Buffer out;
  append_packet(out, 0, PacketType::bulk_packet, 7, BulkPacket{0x81, 0, 2, 0}, Buffer(2));
  EXPECT_EQ(out.size(), 12U + 8U + 2U);
  append_packet(out, 0, PacketType::ep_info, 0, EpInfo{});
  ASSERT_TRUE(decoder.push(out));
  EXPECT_EQ((*decoder.next())->id, 7U);
  EXPECT_EQ((*decoder.next())->type, PacketType::ep_info);
}

TEST(RedirDecoder, StreamsNeedPacketSizes) { EXPECT_EQ(negotiate(0xff, 0xef), 0xeeU); }

TEST(RedirDecoder, StaysFailed) {
  Decoder decoder = greeted(Sender::host);
  ASSERT_TRUE(decoder.push(raw(99, 0, 0)));
  EXPECT_FALSE(decoder.next());
  ASSERT_TRUE(decoder.push(golden));
  EXPECT_EQ(decoder.next().error(), RedirError::unknown_type);
}

TEST(RedirDecoder, TakesLargePacketsInDribblesAndStaysBounded) {
  Decoder decoder = greeted(Sender::host);
  Buffer out;
  for (int i = 0; i < 3; ++i) {
    append_packet(out, 0xff, PacketType::bulk_packet, 1,
                  BulkPacket{0x81, 0, static_cast<std::uint32_t>(max_data), 0}, Buffer(max_data));
  }
  base::wire::Bytes rest(out);
  std::size_t packets = 0;
  while (!rest.empty()) {
    const auto room = decoder.prepare();
    ASSERT_FALSE(room.empty());
    const std::size_t count = std::min({room.size(), rest.size(), std::size_t{1013}});
    std::copy_n(rest.begin(), count, room.begin());
    decoder.commit(count);
    rest = rest.subspan(count);
    for (auto packet = decoder.next(); packet && *packet != nullptr; packet = decoder.next()) {
      ++packets;
    }
  }
  EXPECT_EQ(packets, 3U);
  EXPECT_FALSE(decoder.push(Buffer(max_packet + InputBuffer::initial_capacity + 1)));
}

}  // namespace
}  // namespace usbproxy::redir
