// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/nbd/server_handshake.hpp"

#include <gtest/gtest.h>

#include "tests/block-proxy/nbd/bytes.hpp"

namespace {

using blockproxy::nbd::Export;
using blockproxy::nbd::Replies;
using blockproxy::nbd::ServerHandshake;
using State = ServerHandshake::State;
using tests::hex;
using tests::to_hex;
using Bytes = std::vector<std::byte>;
using tests::operator+;

const char* const option_head = "49484156454f5054";
const char* const reply_head = "0003e889045565a9";

Export small_export() {
  Export offered;
  offered.name = "stick";
  offered.size = 1 << 20;
  return offered;
}

struct Server {
  explicit Server(Export what = small_export(), Replies replies = Replies::structured)
      : offered(std::move(what)), handshake(offered, replies) {}

  // What it says to this.
  std::string say(const Bytes& bytes) {
    Bytes out;
    input = input + bytes;
    for (;;) {
      const std::size_t taken = handshake.push(input, out);
      input.erase(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(taken));
      if (taken == 0) return to_hex(out);
    }
  }
  std::string flags(const char* bits = "00000003") { return say(hex(bits)); }
  std::string option(const std::string& number, const Bytes& data = {}) {
    Bytes size(4);
    size[2] = static_cast<std::byte>(data.size() >> 8U);
    size[3] = static_cast<std::byte>(data.size());
    return say(hex(option_head + number) + size + data);
  }

  Export offered;
  ServerHandshake handshake;
  Bytes input;
};

const Bytes go_stick = hex("00000005 737469636b 0001 0003");

TEST(ServerHandshake, GreetsAsFixedNewstyle) {
  Bytes out;
  ServerHandshake::greet(out);
  EXPECT_EQ(to_hex(out), "4e42444d4147494349484156454f50540003");
}

TEST(ServerHandshake, GoTellsTheExportAndItsBlockSizes) {
  Server server;
  EXPECT_EQ(server.flags(), "");
  const std::string head = std::string(reply_head) + "00000007";
  // Flags of a read-only export: has flags, read-only, flush, DF, multi-conn, cache.
  EXPECT_EQ(server.option("00000007", go_stick),
            head + "000000030000000c" + "0000" + "0000000000100000" + "0587" +               //
                head + "000000030000000e" + "0003" + "00000200" + "00040000" + "02000000" +  //
                head + "0000000100000000");
  EXPECT_EQ(server.handshake.state(), State::transmission);
  EXPECT_TRUE(server.handshake.agreed().aligned);
  EXPECT_FALSE(server.handshake.agreed().structured_replies);
}

TEST(ServerHandshake, AWritableSpinningExportSaysWhatItCan) {
  Export offered = small_export();
  offered.access = blockproxy::nbd::Access::read_write;
  offered.spinning = blockproxy::nbd::Spinning::yes;
  EXPECT_EQ(offered.transmission_flags(), 0x0dfd);
}

TEST(ServerHandshake, InfoLeavesTheHandshakeOpen) {
  Server server;
  server.flags();
  EXPECT_NE(server.option("00000006", go_stick), "");
  EXPECT_EQ(server.handshake.state(), State::negotiating);
}

TEST(ServerHandshake, ExportNameIsAnsweredWithOrWithoutZeroes) {
  Server terse;
  terse.flags("00000003");
  EXPECT_EQ(terse.option("00000001", hex("737469636b")), "00000000001000000587");
  EXPECT_EQ(terse.handshake.state(), State::transmission);
  EXPECT_FALSE(terse.handshake.agreed().aligned);
  Server padded;
  padded.flags("00000001");
  EXPECT_EQ(padded.option("00000001", hex("737469636b")).size(), 2 * (8 + 2 + 124));
}

TEST(ServerHandshake, AnotherNameIsUnknown) {
  Server server;
  server.flags();
  EXPECT_NE(server.option("00000007", hex("00000001 78 0000")).find("80000006"), std::string::npos);
  EXPECT_EQ(server.handshake.state(), State::negotiating);
  server.option("00000001", hex("78"));
  EXPECT_EQ(server.handshake.state(), State::ended);
}

TEST(ServerHandshake, AnyNameDoesWhenNoneIsSet) {
  Export offered = small_export();
  offered.name.clear();
  Server server(offered);
  server.flags();
  server.option("00000007", hex("00000001 78 0000"));
  EXPECT_EQ(server.handshake.state(), State::transmission);
}

TEST(ServerHandshake, ListsItsOneExport) {
  Server server;
  server.flags();
  const std::string head = std::string(reply_head) + "00000003";
  EXPECT_EQ(server.option("00000003"),
            head + "0000000200000009" + "00000005737469636b" + head + "0000000100000000");
}

TEST(ServerHandshake, ContextsNeedStructuredReplies) {
  const Bytes query =
      hex("00000005 737469636b 00000001 0000000f") + hex("626173653a616c6c6f636174696f6e");
  Server server;
  server.flags();
  EXPECT_NE(server.option("0000000a", query).find("80000003"), std::string::npos);
  EXPECT_EQ(server.option("00000008"), std::string(reply_head) + "000000080000000100000000");
  const std::string head = std::string(reply_head) + "0000000a";
  EXPECT_EQ(server.option("0000000a", query), head + "0000000400000013" +
                                                  "00000001626173653a616c6c6f636174696f6e" + head +
                                                  "0000000100000000");
  server.option("00000007", go_stick);
  EXPECT_TRUE(server.handshake.agreed().base_allocation);
}

TEST(ServerHandshake, WithSimpleRepliesRefusesWhatNeedsOthers) {
  Server server(small_export(), Replies::simple);
  server.flags();
  EXPECT_EQ(server.option("00000008").substr(0, 32), reply_head + std::string("0000000880000001"));
  EXPECT_FALSE(server.handshake.agreed().structured_replies);
  // As above, without "don't fragment".
  EXPECT_NE(server.option("00000007", go_stick).find("00000000001000000507"), std::string::npos);
  EXPECT_EQ(server.handshake.state(), State::transmission);
}

TEST(ServerHandshake, ContextsOfAnotherNameAreForgotten) {
  Export offered = small_export();
  offered.name.clear();
  Server server(offered);
  server.flags();
  server.option("00000008");
  server.option("0000000a", hex("00000001 78 00000001 0000000f 626173653a616c6c6f636174696f6e"));
  server.option("00000007", go_stick);
  EXPECT_EQ(server.handshake.state(), State::transmission);
  EXPECT_FALSE(server.handshake.agreed().base_allocation);
}

TEST(ServerHandshake, ListsContextsByNamespace) {
  Server server;
  server.flags();
  server.option("00000008");
  const Bytes name = hex("00000005 737469636b");
  for (const Bytes& query : {name + hex("00000000"), name + hex("00000001 00000005 626173653a")}) {
    EXPECT_NE(server.option("00000009", query).find("626173653a616c6c6f636174696f6e"),
              std::string::npos);
  }
  EXPECT_EQ(server.option("00000009", name + hex("00000001 00000002 783a")).find("6261"),
            std::string::npos);
}

TEST(ServerHandshake, RefusesTlsAndWhatItDoesNotKnow) {
  Server server;
  server.flags();
  EXPECT_NE(server.option("00000005").find("80000002"), std::string::npos);
  EXPECT_NE(server.option("00000004").find("80000001"), std::string::npos);
  EXPECT_NE(server.option("ffffffff").find("80000001"), std::string::npos);
  EXPECT_EQ(server.handshake.state(), State::negotiating);
}

TEST(ServerHandshake, RefusesLengthsThatDoNotAddUp) {
  Server server;
  server.flags();
  server.option("00000008");
  for (const char* data : {"", "00000005", "ffffffff 7374", "00000005 737469636b 0002 0003",
                           "00000005 737469636b 0000 00"}) {
    EXPECT_NE(server.option("00000007", hex(data)).find("80000003"), std::string::npos) << data;
  }
  EXPECT_NE(server.option("0000000a", hex("00000000 00000001 ffffffff")).find("80000003"),
            std::string::npos);
  EXPECT_NE(server.option("0000000a", hex("00000000 7fffffff")).find("80000009"),
            std::string::npos);
  EXPECT_EQ(server.handshake.state(), State::negotiating);
}

TEST(ServerHandshake, AbortIsAnsweredAndEnds) {
  Server server;
  server.flags();
  EXPECT_EQ(server.option("00000002"), std::string(reply_head) + "000000020000000100000000");
  EXPECT_EQ(server.handshake.state(), State::ended);
}

TEST(ServerHandshake, EndsWithWhoBreaksTheFraming) {
  for (const char* flags : {"00000000", "00000007", "ffffffff"}) {
    Server server;
    server.flags(flags);
    EXPECT_EQ(server.handshake.state(), State::ended) << flags;
  }
  for (const char* option :
       {"49484156454f5055 00000003 00000000", "49484156454f5054 00000003 00004001",
        "49484156454f5054 00000003 ffffffff"}) {
    Server server;
    server.flags();
    server.say(hex(option));
    EXPECT_EQ(server.handshake.state(), State::ended) << option;
  }
}

TEST(ServerHandshake, EndsWithWhoNeverStopsAsking) {
  Server server;
  server.flags();
  for (unsigned i = 0; i < ServerHandshake::max_options; ++i) server.option("00000003");
  EXPECT_EQ(server.handshake.state(), State::negotiating);
  server.option("00000003");
  EXPECT_EQ(server.handshake.state(), State::ended);
}

TEST(ServerHandshake, WaitsForEveryShorterInput) {
  const Bytes whole = hex("00000003") + hex(option_head + std::string("000000070000000d")) +
                      hex("00000005 737469636b 0001 0003");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Server server;
    server.say({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
    EXPECT_EQ(server.handshake.state(), State::negotiating) << size;
    server.say({whole.begin() + static_cast<std::ptrdiff_t>(size), whole.end()});
    EXPECT_EQ(server.handshake.state(), State::transmission) << size;
  }
}

}  // namespace
