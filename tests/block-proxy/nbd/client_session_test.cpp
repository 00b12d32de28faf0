// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/nbd/client_session.hpp"

#include <gtest/gtest.h>

#include "tests/block-proxy/nbd/bytes.hpp"

namespace {

using blockproxy::nbd::Answer;
using blockproxy::nbd::ClientSession;
using blockproxy::nbd::Command;
using blockproxy::nbd::Cookie;
using blockproxy::nbd::Last;
using blockproxy::nbd::Offer;
using blockproxy::nbd::WireError;
using tests::hex;
using tests::operator+;
using Bytes = std::vector<std::byte>;

Offer small_offer() {
  Offer offer;
  offer.size = 1 << 20;
  offer.flags = 0x0dfd;
  offer.structured_replies = true;
  offer.base_allocation = true;
  offer.context_id = 1;
  offer.minimum_block = 512;
  return offer;
}

template <std::size_t size>
Bytes bytes(const std::array<std::byte, size>& from) {
  return {from.begin(), from.end()};
}
Bytes data(Cookie cookie, std::uint64_t offset, std::uint32_t length, Last last) {
  return bytes(blockproxy::nbd::data_chunk(cookie, offset, length, last)) + Bytes(length);
}
Bytes hole(Cookie cookie, std::uint64_t offset, std::uint32_t length, Last last) {
  return bytes(blockproxy::nbd::hole_chunk(cookie, offset, length, last));
}

// "d" data, "h" hole, "s" status, "." done, "!" done with an error, "X" broken.
std::string reads(ClientSession& session, const Bytes& stream) {
  std::string kinds;
  base::wire::Bytes input = stream;
  for (;;) {
    const auto answer = session.next(input);
    if (!answer) return kinds + "X";
    switch (answer->kind) {
      case Answer::Kind::more:
        return kinds;
      case Answer::Kind::data:
        kinds += "d";
        break;
      case Answer::Kind::hole:
        kinds += "h";
        break;
      case Answer::Kind::status:
        kinds += "s";
        break;
      case Answer::Kind::done:
        kinds += answer->error == WireError::none ? "." : "!";
        break;
    }
  }
}

struct Client {
  explicit Client(Offer offer = small_offer()) : session(offer) {}
  Cookie ask(Command command, std::uint64_t offset, std::uint32_t length, std::uint16_t flags = 0) {
    const auto cookie = session.ask(command, flags, offset, length, sent);
    return cookie ? *cookie : Cookie{};
  }
  std::string gets(const Bytes& stream) { return reads(session, stream); }

  ClientSession session;
  Bytes sent;
};

TEST(ClientSession, SendsTheRequestOfTheDocument) {
  Client client;
  const Cookie cookie = client.ask(Command::read, 0x1000, 512, blockproxy::nbd::command_df);
  EXPECT_EQ(tests::to_hex(client.sent),
            "25609513"
            "0004"
            "0000"
            "0000000000000040"
            "0000000000001000"
            "00000200");
  EXPECT_EQ(cookie.value, 0x40U);
}

TEST(ClientSession, AReadComesInChunks) {
  Client client;
  const Cookie cookie = client.ask(Command::read, 512, 2048);
  EXPECT_EQ(client.gets(data(cookie, 512, 512, Last::no) + hole(cookie, 1024, 1024, Last::no) +
                        data(cookie, 2048, 512, Last::yes)),
            "dhd.");
  EXPECT_EQ(client.session.under_way(), 0U);
}

TEST(ClientSession, EveryShorterReplyIsWaitedFor) {
  const auto whole = [](Cookie cookie) {
    return data(cookie, 0, 512, Last::no) + hole(cookie, 512, 512, Last::yes);
  };
  for (std::size_t size = 0; size < whole(Cookie{}).size(); ++size) {
    Client client;
    const Bytes stream = whole(client.ask(Command::read, 0, 1024));
    base::wire::Bytes input = std::span(stream).first(size);
    std::uint64_t got = 0;
    for (;;) {
      const auto answer = client.session.next(input);
      ASSERT_TRUE(answer) << size;
      if (answer->kind == Answer::Kind::more) break;
      EXPECT_NE(answer->kind, Answer::Kind::done) << size;
      got += answer->length;
    }
    EXPECT_LE(got, 1024U);
    EXPECT_EQ(client.session.under_way(), 1U);
  }
}

TEST(ClientSession, RepliesMayComeInAnyOrderOfRequests) {
  Client client;
  const Cookie one = client.ask(Command::read, 0, 512);
  const Cookie two = client.ask(Command::read, 512, 512);
  EXPECT_EQ(client.gets(data(two, 512, 512, Last::yes) + data(one, 0, 512, Last::yes)), "d.d.");
}

TEST(ClientSession, BreaksWithAServerThatSendsSomethingElse) {
  const auto breaks = [](auto&& make) {
    Client client;
    const Cookie cookie = client.ask(Command::read, 1024, 1024);
    const std::string got = client.gets(make(cookie));
    return got.ends_with("X");
  };
  EXPECT_FALSE(breaks([](Cookie c) { return data(c, 1024, 1024, Last::yes); }));
  EXPECT_TRUE(breaks([](Cookie c) { return data(Cookie{c.value + 1}, 1024, 1024, Last::yes); }));
  EXPECT_TRUE(breaks([](Cookie c) { return data(c, 1536, 512, Last::yes); })) << "begins late";
  EXPECT_TRUE(breaks([](Cookie c) { return data(c, 512, 1024, Last::yes); })) << "begins early";
  EXPECT_TRUE(breaks([](Cookie c) { return data(c, 1024, 512, Last::yes); })) << "gap at the end";
  EXPECT_TRUE(breaks([](Cookie c) { return data(c, 1024, 1536, Last::yes); })) << "too long";
  EXPECT_TRUE(breaks([](Cookie c) { return hole(c, 1024, 1536, Last::yes); })) << "hole too long";
  EXPECT_TRUE(breaks([](Cookie c) {
    return data(c, 1024, 512, Last::no) + data(c, 1024, 512, Last::yes);
  })) << "the same twice";
  EXPECT_TRUE(breaks([](Cookie c) {
    return data(c, 1024, 1024, Last::yes) + data(c, 1024, 1024, Last::yes);
  })) << "a second reply";
  EXPECT_TRUE(breaks([](Cookie c) { return hole(c, 1024, 0, Last::no); })) << "of no length";
  EXPECT_TRUE(breaks([](Cookie c) {
    return bytes(blockproxy::nbd::simple_reply(c, WireError::none));
  })) << "simple where chunks were agreed";
  EXPECT_TRUE(breaks([](Cookie) { return Bytes(20); })) << "no magic";
  EXPECT_TRUE(breaks([](Cookie c) {
    Bytes out;
    const blockproxy::nbd::Extent extent{1024, 0};
    blockproxy::nbd::append_block_status(out, c, 1, {&extent, 1});
    return out;
  })) << "extents to a read";
}

TEST(ClientSession, OneWholeChunkWhenAskedFor) {
  Client client;
  const Cookie cookie = client.ask(Command::read, 0, 1024, blockproxy::nbd::command_df);
  EXPECT_EQ(client.gets(data(cookie, 0, 512, Last::no)), "X");
}

TEST(ClientSession, AnErrorEndsItsRequestAlone) {
  Client client;
  const Cookie one = client.ask(Command::read, 0, 1024);
  const Cookie two = client.ask(Command::read, 1024, 512);
  Bytes error;
  blockproxy::nbd::append_error_offset_chunk(error, one, WireError::io, "bad", 512);
  EXPECT_EQ(client.gets(data(one, 0, 512, Last::no) + error + data(two, 1024, 512, Last::yes)),
            "d!d.");
}

TEST(ClientSession, AnErrorElsewhereBreaks) {
  Client client;
  const Cookie cookie = client.ask(Command::read, 0, 1024);
  Bytes error;
  blockproxy::nbd::append_error_offset_chunk(error, cookie, WireError::io, "bad", 4096);
  EXPECT_EQ(client.gets(error), "X");
}

TEST(ClientSession, ManyErrorChunksDoNotNest) {
  Client client;
  const Cookie cookie = client.ask(Command::read, 0, 1024);
  const auto one = blockproxy::nbd::Encoder<26>{}
                       .put(blockproxy::nbd::structured_reply_magic)
                       .put(std::uint16_t{0})
                       .put(std::uint16_t{0x8001})
                       .put(cookie.value)
                       .put(std::uint32_t{6})
                       .put(std::uint32_t{5})
                       .put(std::uint16_t{0})
                       .bytes();
  Bytes stream;
  for (unsigned i = 0; i < 100'000; ++i) stream.insert(stream.end(), one.begin(), one.end());
  EXPECT_EQ(client.gets(stream), "");
}

TEST(ClientSession, SimpleRepliesWhereNoChunksWereAgreed) {
  Offer offer = small_offer();
  offer.structured_replies = offer.base_allocation = false;
  Client client(offer);
  const Cookie one = client.ask(Command::read, 0, 512);
  const Cookie two = client.ask(Command::write, 0, 512);
  EXPECT_EQ(client.gets(bytes(blockproxy::nbd::simple_reply(two, WireError::no_space)) +
                        bytes(blockproxy::nbd::simple_reply(one, WireError::none)) + Bytes(512)),
            "!d.");
  const Cookie three = client.ask(Command::read, 0, 512);
  EXPECT_EQ(client.gets(data(three, 0, 512, Last::yes)), "X");
}

TEST(ClientSession, ExtentsAreOfTheExport) {
  using blockproxy::nbd::Extent;
  const auto gets = [](const std::vector<Extent>& extents, std::uint16_t flags = 0,
                       std::uint32_t context = 1) {
    Client client;
    const Cookie cookie = client.ask(Command::block_status, 0, 4096, flags);
    Bytes out;
    blockproxy::nbd::append_block_status(out, cookie, context, extents);
    return client.gets(out);
  };
  EXPECT_EQ(gets({{4096, 0}}), "s.");
  EXPECT_EQ(gets({{512, 0}, {1024, 3}}), "s.");
  EXPECT_EQ(gets({{1 << 20, 0}}), "s.");
  EXPECT_EQ(gets({{(1 << 20) + 512, 0}}), "X");
  EXPECT_EQ(gets({{4096, 0}, {512, 0}}), "X");
  EXPECT_EQ(gets({{0, 0}}), "X");
  EXPECT_EQ(gets({}), "X");
  EXPECT_EQ(gets({{512, 0}}, 0, 2), "X");
  EXPECT_EQ(gets({{512, 0}, {512, 3}}, blockproxy::nbd::command_req_one), "X");
}

TEST(ClientSession, AsksOnlyWhatTheExportCan) {
  Offer offer = small_offer();
  offer.flags = 0x0587;  // read-only
  Client client(offer);
  for (const Command command : {Command::write, Command::trim, Command::write_zeroes}) {
    EXPECT_FALSE(client.session.ask(command, 0, 0, 512, client.sent));
  }
  EXPECT_FALSE(client.session.ask(Command::read, 0, 1, 512, client.sent));
  EXPECT_FALSE(client.session.ask(Command::read, 0, 0, 0, client.sent));
  EXPECT_FALSE(client.session.ask(Command::read, 0, 1 << 20, 512, client.sent));
  EXPECT_FALSE(client.session.ask(Command::read, 0, ~std::uint64_t{511}, 512, client.sent));
  EXPECT_TRUE(client.sent.empty());
  for (unsigned i = 0; i < ClientSession::max_requests; ++i) {
    EXPECT_TRUE(client.session.ask(Command::read, 0, 0, 512, client.sent));
  }
  EXPECT_FALSE(client.session.ask(Command::read, 0, 0, 512, client.sent));
}

}  // namespace
