// SPDX-License-Identifier: GPL-2.0-or-later
// Frontend and guard together: what the target's kernel sees of a stick that it may only read, with
// transfers that the frontend sends ahead of the kernel's own.
#include <gtest/gtest.h>

#include "tests/usbproxy/session_rig.hpp"
#include "tests/usbproxy/storage_wrapper.hpp"
#include "usbproxy/device_guard.hpp"
#include "usbproxy/firewall/cached_descriptors.hpp"

namespace usbproxy {
namespace {

using test::Bytes;
using test::Rig;

class Chain {
 public:
  Chain() {
    rig_.connect();
    rig_.replies();
  }

  // One request of the kernel; what the guard answers has arrived when this returns.
  void submit(std::uint32_t seqnum, std::uint8_t address, std::uint32_t length, Bytes data = {}) {
    rig_.submit(Rig::urb(seqnum, address, length), std::move(data));
    carry();
  }
  void command(std::uint32_t seqnum, const test::WrapperSpec& spec) {
    submit(seqnum, 0x02, 31, test::wrapper(spec));
  }
  void device_answers(std::uint8_t address, std::uint32_t length) {
    ASSERT_FALSE(device.empty());
    const std::uint64_t id = device.front().id;
    device.erase(device.begin());
    rig_.bulk_reply(id, address, length);
    carry();
  }
  std::vector<test::Reply> replies() { return rig_.replies(); }
  std::string end() const { return rig_.end_text(); }

  std::vector<test::SentPacket> device;  // what reached it

 private:
  static DeviceGuard guard() {
    const auto described = test::stick_and_keyboard();
    Bytes bytes = described.device;
    const Bytes& rest = described.configurations.front();
    bytes.insert(bytes.end(), rest.begin(), rest.end());
    return *DeviceGuard::make(*firewall::parse_cached_descriptors(bytes, Speed::high), rights(), 1);
  }
  static firewall::Rights rights() { return *firewall::Rights::parse("read-only=yes"); }

  void carry() {
    for (auto sent = rig_.packets(); !sent.empty(); sent = rig_.packets()) {
      for (const test::SentPacket& one : sent) {
        const redir::Packet packet{
            .type = one.type, .id = one.id, .body = one.body, .data = one.data, .raw = {}};
        std::vector<std::byte> reply;
        const auto verdict = guard_.check(packet, redir::cap::frontend, reply);
        ASSERT_TRUE(verdict) << describe(verdict.error());
        if (*verdict == DeviceGuard::Verdict::answered) {
          rig_.session.from_stream(reply, rig_.now);
        } else {
          device.push_back(one);
        }
      }
    }
  }

  Rig rig_{std::nullopt, rights()};
  DeviceGuard guard_ = guard();
};

TEST(ReadOnlyChain, ReadsAsFastAsEver) {
  Chain chain;
  chain.command(1, test::read_10(4096));
  ASSERT_EQ(chain.device.size(), 2U);  // the command, and its data asked for ahead
  chain.device_answers(0x02, 31);
  chain.device_answers(0x81, 4096);
  ASSERT_EQ(chain.device.size(), 1U);  // the status, asked for ahead
  chain.submit(2, 0x81, 4096);
  chain.device_answers(0x81, 13);
  chain.submit(3, 0x81, 13);
  const auto replies = chain.replies();
  ASSERT_EQ(replies.size(), 3U);
  EXPECT_EQ(replies[1].actual, 4096U);
  EXPECT_EQ(replies[2].actual, 13U);
  EXPECT_EQ(chain.end(), "");
}

TEST(ReadOnlyChain, AWriteIsRefusedAndExplained) {
  Chain chain;
  for (std::uint32_t round = 0; round < 3; ++round) {
    const std::uint32_t first = 10 * round + 1;
    chain.command(first, test::write_10(1024));
    chain.submit(first + 1, 0x02, 1024);
    chain.submit(first + 2, 0x81, 13);
    chain.command(first + 3, test::request_sense());
    chain.submit(first + 4, 0x81, 18);
    chain.submit(first + 5, 0x81, 13);
    const auto replies = chain.replies();
    ASSERT_EQ(replies.size(), 6U) << chain.end();
    for (const auto& one : replies) EXPECT_EQ(one.status, 0);
    EXPECT_EQ(replies[1].actual, 1024U);
    ASSERT_EQ(replies[2].data.size(), 13U);
    EXPECT_EQ(replies[2].data[12], std::byte{1});
    ASSERT_EQ(replies[4].data.size(), 18U);
    EXPECT_EQ(replies[4].data[2], std::byte{7});
    EXPECT_EQ(replies[4].data[12], std::byte{0x27});
    EXPECT_EQ(replies[5].data[12], std::byte{0});
  }
  EXPECT_TRUE(chain.device.empty());
  EXPECT_EQ(chain.end(), "");
}

TEST(ReadOnlyChain, TheKernelLearnsThatItIsWriteProtected) {
  Chain chain;
  chain.command(1, {.block = {0x1a, 0, 0x3f, 0, 192, 0}, .length = 192});
  chain.submit(2, 0x81, 192);
  chain.submit(3, 0x81, 13);
  const auto replies = chain.replies();
  ASSERT_EQ(replies.size(), 3U);
  ASSERT_EQ(replies[1].data.size(), 4U);
  EXPECT_EQ(replies[1].data[2], std::byte{0x80});
  EXPECT_TRUE(chain.device.empty());
}

}  // namespace
}  // namespace usbproxy
