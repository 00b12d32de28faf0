// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io/channel.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/write.hpp>

#include "base/io/fd.hpp"

namespace base::io {
namespace {

struct Pair {
  explicit Pair(boost::asio::io_context& io) : near(io), far(io) {
    auto fds = stream_pair();
    const boost::asio::generic::stream_protocol protocol(AF_UNIX, 0);
    near.assign(protocol, fds->first.release());
    far.assign(protocol, fds->second.release());
  }

  Channel::Socket near;
  Channel::Socket far;
};

struct Seen {
  std::vector<std::vector<std::byte>> frames;
  std::vector<ChannelEnd> ends;
};

std::shared_ptr<Channel> start(Channel::Socket socket, Seen& seen) {
  auto channel = std::make_shared<Channel>(std::move(socket));
  channel->start(
      [&seen](wire::Bytes frame) { seen.frames.emplace_back(frame.begin(), frame.end()); },
      [&seen](ChannelEnd end) { seen.ends.push_back(end); });
  return channel;
}

TEST(Channel, DeliversFramesSplitAtEveryByte) {
  boost::asio::io_context io;
  Pair pair(io);
  Seen seen;
  const auto channel = start(std::move(pair.near), seen);

  constexpr unsigned char wire[] = {2, 0, 0, 0, 7, 8, 0, 0, 0, 0, 1, 0, 0, 0, 9};
  for (const unsigned char& byte : wire) {
    boost::asio::write(pair.far, boost::asio::buffer(&byte, 1));
    io.poll();
  }

  ASSERT_EQ(seen.frames.size(), 3U);
  EXPECT_EQ(seen.frames[0].size(), 2U);
  EXPECT_TRUE(seen.frames[1].empty());
  EXPECT_TRUE(seen.ends.empty());
}

TEST(Channel, ClosesOnTooLongFrameBehindAGoodOne) {
  boost::asio::io_context io;
  Pair pair(io);
  Seen seen;
  const auto channel = start(std::move(pair.near), seen);

  constexpr unsigned char wire[] = {1, 0, 0, 0, 7, 0xff, 0xff, 0xff, 0xff};
  boost::asio::write(pair.far, boost::asio::buffer(wire));
  io.poll();

  EXPECT_EQ(seen.frames.size(), 1U);
  EXPECT_EQ(seen.ends, std::vector{ChannelEnd::broken_framing});
}

TEST(Channel, CutsOffAPeerThatDoesNotRead) {
  boost::asio::io_context io;
  Pair pair(io);
  Seen seen;
  const auto channel = start(std::move(pair.near), seen);
  const std::vector<std::byte> frame(wire::max_frame_payload);
  for (int i = 0; i < 1000 && channel->open(); ++i) {
    channel->send(frame);
    io.poll();
  }
  EXPECT_FALSE(channel->open());
  EXPECT_EQ(seen.ends, std::vector{ChannelEnd::peer_too_slow});
}

TEST(Channel, WritesAllBeforeClosingWhenAsked) {
  boost::asio::io_context io;
  Pair pair(io);
  Seen seen;
  const auto channel = start(std::move(pair.near), seen);
  channel->send(wire::as_bytes("bye"));
  channel->close_after_writing();
  io.poll();
  std::array<char, 16> got{};
  EXPECT_EQ(pair.far.read_some(boost::asio::buffer(got)), 7U);
  EXPECT_TRUE(seen.ends.empty());
}

}  // namespace
}  // namespace base::io
