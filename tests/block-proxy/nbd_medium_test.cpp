// SPDX-License-Identifier: GPL-2.0-or-later
// The client of a snapshot's medium, with our server, with nbdkit where sectors fail, and with
// servers that hang or leave.
#include "block-proxy/io/nbd_medium.hpp"

#include <random>
#include <thread>

#include "base/io/unix_socket.hpp"
#include "tests/block-proxy/block_server_rig.hpp"

namespace {

using blockproxy::io::NbdMedium;
using blockproxy::snapshot::MediumFault;
using tests::BlockServer;
using tests::mib;

constexpr std::chrono::milliseconds limit{20'000};

std::unique_ptr<NbdMedium> connect(const std::filesystem::path& socket,
                                   std::chrono::milliseconds wait = limit) {
  auto stream = base::io::connect_unix(socket);
  EXPECT_TRUE(stream) << stream.error().text;
  if (!stream) return nullptr;
  auto medium = NbdMedium::connect(*std::move(stream), wait);
  EXPECT_TRUE(medium) << medium.error().text;
  return medium ? *std::move(medium) : nullptr;
}

std::string read(NbdMedium& medium, std::uint64_t offset, std::size_t length) {
  std::string bytes(length, '?');
  std::size_t have = 0;
  while (have < length) {
    const auto got = medium.read(
        offset + have, std::as_writable_bytes(std::span(bytes.data() + have, length - have)));
    EXPECT_TRUE(got) << medium.reason();
    if (!got || *got == 0) break;
    have += *got;
  }
  bytes.resize(have);
  return bytes;
}

class NbdMediumTest : public testing::Test {
 protected:
  void SetUp() override {
    tests::write_pattern(server_.medium(), 16 * mib + 4096);
    content_ = tests::content(server_.medium());
  }
  BlockServer server_;
  std::string content_;
};

TEST_F(NbdMediumTest, ReadsInOrderAndAnywhere) {
  server_.start({"--read-only"});
  const auto medium = connect(server_.socket());
  ASSERT_TRUE(medium);
  EXPECT_EQ(medium->size(), content_.size());
  std::string all;
  while (all.size() < content_.size()) all += read(*medium, all.size(), mib);
  EXPECT_TRUE(all == content_);
  EXPECT_EQ(read(*medium, content_.size(), mib), "");
  std::mt19937 random(3);
  for (unsigned i = 0; i < 300; ++i) {
    // Some follow the one before, with another length.
    const std::uint64_t offset = random() % (content_.size() / 512) * 512;
    for (std::uint64_t at = offset, n = random() % 5 + 1; n > 0; --n) {
      const std::size_t length = (random() % 2048 + 1) * 512;
      const auto got = read(*medium, at, length);
      ASSERT_TRUE(got == (at < content_.size() ? content_.substr(at, length) : "")) << at;
      at += got.size();
    }
  }
}

TEST_F(NbdMediumTest, WritesAndFlushesWhereTheServerLetsIt) {
  server_.start({});
  {
    const auto medium = connect(server_.socket());
    ASSERT_TRUE(medium);
    read(*medium, 0, mib);
    read(*medium, mib, mib);  // reads ahead what is now written
    const std::string other(mib, 'w');
    EXPECT_TRUE(medium->write(2 * mib, base::wire::as_bytes(other)));
    EXPECT_TRUE(medium->flush());
    EXPECT_TRUE(read(*medium, 2 * mib, mib) == other);
    EXPECT_TRUE(tests::content(server_.medium()).substr(2 * mib, mib) == other);
  }
  BlockServer read_only;
  tests::write_pattern(read_only.medium(), mib);
  read_only.start({"--read-only"});
  const auto medium = connect(read_only.socket());
  ASSERT_TRUE(medium);
  const auto refused = medium->write(0, base::wire::as_bytes(std::string(512, 'w')));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), MediumFault::full);
}

TEST_F(NbdMediumTest, ASectorThatCannotBeReadIsUnreadableAndTheRestIsNot) {
  server_.start_other({"nbdkit", "-f", "-r", "--unix", server_.socket().string(), "eval",
                       "get_size=echo 4194304",
                       "pread=if [ $4 -le 1048576 ] && [ $(($4 + $3)) -gt 1048576 ]; then "
                       "echo EIO bad >&2; exit 1; fi; head -c $3 /dev/zero"});
  const auto medium = connect(server_.socket());
  ASSERT_TRUE(medium);
  std::vector<std::byte> out(mib);
  EXPECT_TRUE(medium->read(0, out));
  for (unsigned again = 0; again < 2; ++again) {
    const auto bad = medium->read(mib, out);
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error(), MediumFault::unreadable);
  }
  EXPECT_TRUE(medium->read(mib + 512, std::span(out).first(512)));
  EXPECT_FALSE(medium->read(mib, std::span(out).first(512)));
  EXPECT_TRUE(medium->read(2 * mib, out));
}

TEST_F(NbdMediumTest, AServerThatLeavesIsGoneForGood) {
  server_.start({"--read-only"});
  const auto medium = connect(server_.socket());
  ASSERT_TRUE(medium);
  read(*medium, 0, mib);
  server_.kill();
  std::vector<std::byte> out(mib);
  // The child that serves us dies with its parent, but not in the same moment.
  auto got = medium->read(8 * mib, out);
  for (unsigned i = 0; i < 100 && got; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    got = medium->read(i % 2 * mib, out);
  }
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error(), MediumFault::gone);
  EXPECT_FALSE(medium->reason().empty());
  EXPECT_EQ(medium->read(0, out).error(), MediumFault::gone);
}

TEST_F(NbdMediumTest, AServerThatDoesNotAnswerIsLateOnceAndThenGivenUp) {
  server_.start_other({"nbdkit", "-f", "-r", "--unix", server_.socket().string(), "--filter=delay",
                       "memory", "4M", "delay-read=2"});
  const auto medium = connect(server_.socket(), std::chrono::milliseconds(300));
  ASSERT_TRUE(medium);
  std::vector<std::byte> out(4096);
  EXPECT_EQ(medium->read(0, out).error(), MediumFault::timeout);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(medium->read(0, out).error(), MediumFault::timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(250));
}

}  // namespace
