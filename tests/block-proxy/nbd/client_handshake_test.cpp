// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/nbd/client_handshake.hpp"

#include <gtest/gtest.h>

#include "block-proxy/nbd/server_handshake.hpp"
#include "tests/block-proxy/nbd/bytes.hpp"

namespace {

using blockproxy::nbd::ClientHandshake;
using blockproxy::nbd::Export;
using blockproxy::nbd::ServerHandshake;
using tests::hex;
using tests::operator+;
using Bytes = std::vector<std::byte>;

const Bytes client_greeting = hex("4e42444d41474943 49484156454f5054 0003");

// An option reply to option `number`.
Bytes reply(const std::string& number, const std::string& type, const Bytes& data = {}) {
  Bytes size(4);
  size[3] = static_cast<std::byte>(data.size());
  return hex("0003e889045565a9" + number + type) + size + data;
}
const Bytes no_chunks = reply("00000008", "80000001");
const Bytes info = reply("00000007", "00000003", hex("0000 0000000000100000 0587"));
const Bytes go_ack = reply("00000007", "00000001");

// True when the server's bytes are taken to the end of the handshake.
bool agrees(const Bytes& server, ClientHandshake& client) {
  Bytes out;
  base::wire::Bytes input = server;
  for (;;) {
    const auto taken = client.push(input, out);
    if (!taken) return false;
    if (*taken == 0) return client.state() == ClientHandshake::State::transmission;
    input = input.subspan(*taken);
  }
}
bool agrees(const Bytes& server) {
  ClientHandshake client("stick");
  return agrees(server, client);
}

TEST(ClientHandshake, AgreesWithOurServer) {
  Export offered;
  offered.name = "stick";
  offered.size = 1 << 20;
  ServerHandshake server(offered);
  ClientHandshake client("stick");
  Bytes to_client;
  Bytes to_server;
  ServerHandshake::greet(to_client);
  for (unsigned round = 0; round < 20; ++round) {
    const auto taken = client.push(to_client, to_server);
    ASSERT_TRUE(taken);
    to_client.erase(to_client.begin(), to_client.begin() + static_cast<std::ptrdiff_t>(*taken));
    const std::size_t eaten = server.push(to_server, to_client);
    to_server.erase(to_server.begin(), to_server.begin() + static_cast<std::ptrdiff_t>(eaten));
  }
  ASSERT_EQ(client.state(), ClientHandshake::State::transmission);
  EXPECT_EQ(server.state(), ServerHandshake::State::transmission);
  EXPECT_EQ(client.offer().size, 1U << 20U);
  EXPECT_EQ(client.offer().flags, offered.transmission_flags());
  EXPECT_TRUE(client.offer().structured_replies);
  EXPECT_TRUE(client.offer().base_allocation);
  EXPECT_EQ(client.offer().context_id, blockproxy::nbd::base_allocation_id);
  EXPECT_EQ(client.offer().minimum_block, 512U);
  EXPECT_TRUE(server.agreed().aligned);
}

TEST(ClientHandshake, SendsTheOptionsOfTheDocument) {
  ClientHandshake client("stick");
  Bytes out;
  ASSERT_TRUE(client.push(client_greeting, out));
  EXPECT_EQ(tests::to_hex(out),
            "00000003"
            "49484156454f5054"
            "00000008"
            "00000000");
  out.clear();
  ASSERT_TRUE(client.push(no_chunks, out));
  EXPECT_EQ(tests::to_hex(out),
            "49484156454f5054"
            "00000007"
            "0000000d"
            "00000005737469636b"
            "00010003");
}

TEST(ClientHandshake, DoesWithoutChunks) {
  ClientHandshake client("stick");
  EXPECT_TRUE(agrees(client_greeting + no_chunks + info + go_ack, client));
  EXPECT_FALSE(client.offer().structured_replies);
  EXPECT_EQ(client.offer().minimum_block, 1U);
}

TEST(ClientHandshake, RefusesAServerThatLies) {
  EXPECT_FALSE(agrees(hex("4e42444d41474943 49484156454f5054 0002")));
  EXPECT_FALSE(agrees(hex("4e42444d41474943 00420281861253 0000 0003")));
  const Bytes begun = client_greeting + no_chunks;
  EXPECT_TRUE(agrees(begun + info + go_ack));
  EXPECT_FALSE(agrees(begun + go_ack)) << "no size";
  EXPECT_FALSE(agrees(begun + info + info + go_ack)) << "two sizes";
  EXPECT_FALSE(agrees(begun + no_chunks)) << "to another option";
  EXPECT_FALSE(agrees(begun + reply("00000007", "80000006"))) << "refused";
  EXPECT_FALSE(agrees(begun + reply("00000007", "00000002"))) << "of another kind";
  EXPECT_FALSE(agrees(begun + reply("00000007", "00000001", hex("00")))) << "ack with data";
  EXPECT_FALSE(
      agrees(begun + reply("00000007", "00000003", hex("0000 8000000000000000 0587")) + go_ack))
      << "too large";
  EXPECT_FALSE(agrees(begun + reply("00000007", "00000003", hex("0000 0000000000100000 0586"))));
  EXPECT_FALSE(agrees(begun + reply("00000007", "00000003", hex("00"))));
  for (const char* sizes : {"0003 00000003 00001000 02000000", "0003 00000000 00001000 02000000",
                            "0003 00020000 00020000 02000000", "0003 00001000 00000200 02000000",
                            "0003 00001000 00001000 00000200", "0003 00000200 00001000"}) {
    EXPECT_FALSE(agrees(begun + reply("00000007", "00000003", hex(sizes)))) << sizes;
  }
}

TEST(ClientHandshake, RefusesAContextThatWasNotAskedFor) {
  const Bytes begun = client_greeting + reply("00000008", "00000001");
  const Bytes ours = reply("0000000a", "00000004", hex("00000007 626173653a616c6c6f636174696f6e"));
  const Bytes ack = reply("0000000a", "00000001");
  ClientHandshake client("stick");
  EXPECT_TRUE(agrees(begun + ours + ack + info + go_ack, client));
  EXPECT_EQ(client.offer().context_id, 7U);
  EXPECT_FALSE(agrees(begun + ours + ours));
  EXPECT_FALSE(agrees(begun + reply("0000000a", "00000004", hex("00000007 6261"))));
  EXPECT_FALSE(agrees(begun + reply("0000000a", "00000004", hex("0000"))));
}

TEST(ClientHandshake, DoesNotListenForEver) {
  Bytes server = client_greeting + no_chunks;
  for (unsigned i = 0; i < ClientHandshake::max_replies; ++i) {
    server = server + reply("00000007", "00000003", hex("0001 78"));
  }
  EXPECT_FALSE(agrees(server + info + go_ack));
}

TEST(ClientHandshake, WaitsForEveryShorterInput) {
  const Bytes whole = client_greeting + no_chunks + info + go_ack;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    ClientHandshake client("stick");
    EXPECT_FALSE(
        agrees({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}, client));
    EXPECT_EQ(client.state(), ClientHandshake::State::negotiating);
  }
}

}  // namespace
