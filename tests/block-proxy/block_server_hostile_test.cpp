// SPDX-License-Identifier: GPL-2.0-or-later
// Clients that break the rules: the server stays as small as it was, and serves the next.
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <random>
#include <thread>

#include "base/io/files.hpp"
#include "base/io/unix_socket.hpp"
#include "tests/block-proxy/block_server_rig.hpp"

namespace {

using blockproxy::nbd::Command;
using blockproxy::nbd::WireError;
using tests::BlockClient;
using tests::BlockServer;
using tests::mib;

class BlockServerHostile : public testing::Test {
 protected:
  void SetUp() override {
    tests::write_pattern(server_.medium(), 4 * mib);
    before_ = tests::content(server_.medium());
    server_.start({"--max-clients", "4"});
  }
  // It is still there, and the medium is what it was.
  void TearDown() override {
    BlockClient client(server_.connect());
    EXPECT_TRUE(client.ask(Command::read, 0, mib).data == before_.substr(0, mib));
    EXPECT_TRUE(tests::content(server_.medium()) == before_);
  }

  std::string request(unsigned command, std::uint64_t offset, std::uint32_t length) const {
    const auto bytes = blockproxy::nbd::Encoder<28>{}
                           .put(blockproxy::nbd::request_magic)
                           .put(std::uint16_t{0})
                           .put(static_cast<std::uint16_t>(command))
                           .put(std::uint64_t{1})
                           .put(offset)
                           .put(length)
                           .bytes();
    return std::string(base::wire::as_text(bytes));
  }
  // What the server still sends until it hangs up, at most; -1: it did not.
  static long sent_until_end(const base::io::Fd& socket) {
    std::array<char, 65536> piece{};
    long all = 0;
    for (;;) {
      pollfd waiting{.fd = socket.get(), .events = POLLIN, .revents = 0};
      if (::poll(&waiting, 1, 10'000) <= 0) return -1;
      const ssize_t got = ::read(socket.get(), piece.data(), piece.size());
      if (got <= 0) return all;
      all += got;
    }
  }

  BlockServer server_;
  std::string before_;
};

TEST_F(BlockServerHostile, Garbage) {
  std::mt19937 random(1);
  for (unsigned i = 0; i < 20; ++i) {
    const auto socket = server_.connect();
    std::string garbage(4096, '\0');
    for (char& byte : garbage) byte = static_cast<char>(random());
    base::io::write_all(socket, garbage).has_value();
    EXPECT_GE(sent_until_end(socket), 0);
  }
}

TEST_F(BlockServerHostile, GarbageAfterTheHandshake) {
  BlockClient client(server_.connect());
  EXPECT_TRUE(base::io::write_all(client.socket(), std::string(4096, 'x')));
  EXPECT_EQ(sent_until_end(client.socket()), 0);
}

TEST_F(BlockServerHostile, HalfARequestAndGone) {
  for (std::size_t size : {1U, 27U}) {
    BlockClient client(server_.connect());
    EXPECT_TRUE(base::io::write_all(client.socket(), request(0, 0, 512).substr(0, size)));
    ::shutdown(client.socket().get(), SHUT_WR);
    EXPECT_EQ(sent_until_end(client.socket()), 0);
  }
}

TEST_F(BlockServerHostile, FourGigabytesToWrite) {
  BlockClient client(server_.connect());
  EXPECT_TRUE(base::io::write_all(client.socket(), request(1, 0, 0xffffffff)));
  EXPECT_EQ(sent_until_end(client.socket()), 0);
}

TEST_F(BlockServerHostile, FourGigabytesToRead) {
  BlockClient client(server_.connect());
  EXPECT_TRUE(base::io::write_all(client.socket(), request(0, 0, 0xffffffff)));
  ::shutdown(client.socket().get(), SHUT_WR);
  EXPECT_LT(sent_until_end(client.socket()), 100);  // an error and no more
}

TEST_F(BlockServerHostile, GoneInTheMiddleOfAWrite) {
  {
    BlockClient client(server_.connect());
    EXPECT_TRUE(base::io::write_all(client.socket(), request(1, 0, mib) + std::string(1000, 'z')));
  }
  BlockClient next(server_.connect());  // the half piece was never written
  EXPECT_EQ(next.ask(Command::flush, 0, 0).error, WireError::none);
}

TEST_F(BlockServerHostile, AnOptionOfFourGigabytes) {
  const auto socket = server_.connect();
  EXPECT_TRUE(
      base::io::write_all(socket, std::string("\0\0\0\3IHAVEOPT\0\0\0\7\xff\xff\xff\xff", 20)));
  EXPECT_EQ(sent_until_end(socket), static_cast<long>(blockproxy::nbd::greeting_size));
}

// One who asks and asks and never takes a reply is not read from any more.
TEST_F(BlockServerHostile, RepliesThatNobodyTakes) {
  BlockClient client(server_.connect());
  ASSERT_TRUE(base::io::set_nonblocking(client.socket()));
  const std::string ask = request(0, 0, 4 * mib);
  std::size_t taken = 0;
  for (unsigned quiet = 0; quiet < 20;) {
    const ssize_t put = ::write(client.socket().get(), ask.data(), ask.size());
    if (put > 0) {
      taken += static_cast<std::size_t>(put);
      quiet = 0;
      ASSERT_LT(taken, 64U << 20U);
      continue;
    }
    ++quiet;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  // All of the server's processes together stay small.
  std::ifstream children("/proc/" + std::to_string(server_.pid()) + "/task/" +
                         std::to_string(server_.pid()) + "/children");
  long pages_all = 0;
  for (pid_t child = 0; children >> child;) {
    std::ifstream statm("/proc/" + std::to_string(child) + "/statm");
    long size = 0;
    long resident = 0;
    statm >> size >> resident;
    pages_all += resident;
  }
  EXPECT_GT(pages_all, 0);
#if !defined(__SANITIZE_ADDRESS__)
  EXPECT_LT(pages_all * ::sysconf(_SC_PAGESIZE), 64L << 20U);
#endif
}

TEST_F(BlockServerHostile, MoreClientsThanPlaces) {
  std::vector<base::io::Fd> sockets;
  for (unsigned i = 0; i < 4; ++i) {
    sockets.push_back(server_.connect());
    pollfd greeted{.fd = sockets.back().get(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&greeted, 1, 10'000), 1) << i;
  }
  const auto late = server_.connect();
  pollfd waiting{.fd = late.get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&waiting, 1, 200), 0) << "the fifth is not served";
  sockets.pop_back();
  EXPECT_EQ(::poll(&waiting, 1, 10'000), 1) << "until a place is free";
}

TEST_F(BlockServerHostile, NoChildIsLeftBehind) {
  for (unsigned i = 0; i < 8; ++i) {
    BlockClient client(server_.connect());
    EXPECT_EQ(client.ask(Command::flush, 0, 0).error, WireError::none);
  }
  const std::string children = "/proc/" + std::to_string(server_.pid()) + "/task/" +
                               std::to_string(server_.pid()) + "/children";
  std::string left = "some";
  for (unsigned tries = 0; tries < 500 && !left.empty(); ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    left = tests::content(children);
  }
  EXPECT_EQ(left, "");
}

}  // namespace
