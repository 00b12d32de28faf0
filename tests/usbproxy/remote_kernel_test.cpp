// SPDX-License-Identifier: GPL-2.0-or-later
// A kernel in another qube: the line before its USB/IP, and what it may have us keep.
#include "usbproxy/remote_kernel.hpp"

#include "tests/usbproxy/session_rig.hpp"
#include "usbproxy/device_line.hpp"

namespace usbproxy {
namespace {

using namespace test;

TEST(DeviceLine, IsWhatUsbImportReads) {
  EXPECT_EQ(device_line(0x10001, Speed::low), "65537 1.5\n");
  EXPECT_EQ(device_line(0x10001, Speed::full), "65537 12\n");
  EXPECT_EQ(device_line(0x20003, Speed::high), "131075 480\n");
  EXPECT_EQ(device_line(0xffffffff, Speed::super), "4294967295 5000\n");
}

TEST(DeviceLine, IsReadAsItIsWritten) {
  for (const Speed speed : {Speed::low, Speed::full, Speed::high, Speed::super}) {
    std::string line = device_line(0x20003, speed);
    line.pop_back();
    const auto read = DeviceLine::parse(line);
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(*read, (DeviceLine{.devid = 0x20003, .speed = speed}));
    for (std::size_t size = 0; size < line.size(); ++size) {
      const auto shorter = DeviceLine::parse(line.substr(0, size));
      EXPECT_FALSE(shorter) << line.substr(0, size);
    }
  }
  EXPECT_EQ(DeviceLine::parse("1 20000 reserved")->speed, Speed::super);
  EXPECT_EQ(DeviceLine::parse("4294967295 10000")->devid, 0xffffffffU);
}

TEST(DeviceLine, RefusesWhatIsNone) {
  const std::string zeros(40, '0');
  for (const std::string& line :
       {std::string("4294967296 480"), std::string("-1 480"), std::string("+1 480"),
        std::string("0x10 480"), std::string("65537 53.3-480"), std::string("65537 0480"),
        std::string("65537  480"), std::string(" 65537 480"), std::string("65537\t480"),
        std::string("65537 480\r"), std::string("480"), std::string("SLPU"),
        zeros + "1 480 " + zeros}) {
    const auto read = DeviceLine::parse(line);
    ASSERT_FALSE(read) << line;
    EXPECT_NE(read.error().text.find("is not 'DEVID SPEED'"), std::string::npos);
  }
  EXPECT_EQ(DeviceLine::parse("1\x1b[31m").error().text,
            "'1\\x1b[31m' is not 'DEVID SPEED' of Qubes' qubes.USB");
}

class RemoteKernelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    rig.connect();
    kernel.turn(rig.now);
  }
  // Up to what it is read of; how much that was.
  std::size_t write(base::wire::Bytes bytes) {
    std::size_t written = 0;
    while (!bytes.empty() && kernel.reading() && !rig.session.end()) {
      const auto room = kernel.prepare();
      EXPECT_LE(room.size(), RemoteKernel::max_piece);
      const std::size_t count = std::min(room.size(), bytes.size());
      std::copy_n(bytes.begin(), count, room.begin());
      kernel.arrived(count, rig.now);
      kernel.turn(rig.now);
      bytes = bytes.subspan(count);
      written += count;
    }
    return written;
  }
  static Bytes questions(std::uint32_t first, std::uint32_t count) {
    Bytes out;
    for (std::uint32_t i = 0; i < count; ++i) {
      usbip::append_cmd_submit(out, Rig::control(first + i, {0x80, 0x06, 0x0200, 0, 4096}));
    }
    return out;
  }

  Rig rig;
  RemoteKernel kernel{rig.session};
};

TEST_F(RemoteKernelTest, AnswersLikeTheOwnOne) {
  Bytes out;
  usbip::append_cmd_submit(out, Rig::control(7, get_device));
  EXPECT_EQ(write(out), out.size());
  const Reply reply = rig.reply();
  EXPECT_EQ(reply.seqnum, 7U);
  EXPECT_EQ(reply.status, 0);
  EXPECT_EQ(reply.data.size(), 18U);
}

TEST_F(RemoteKernelTest, IsNotReadWhileItDoesNotReadItself) {
  constexpr std::uint32_t many = 200000;
  const Bytes sent = questions(1, many);
  const std::size_t read = write(sent);
  EXPECT_LT(read, sent.size());
  EXPECT_FALSE(kernel.reading());
  EXPECT_FALSE(rig.session.end()) << rig.end_text();
  // No more than one piece's answers beyond the bound.
  EXPECT_GT(kernel.out().size(), RemoteKernel::max_waiting);
  EXPECT_LT(kernel.out().size(), 2 * RemoteKernel::max_waiting);
  kernel.out().clear();
  EXPECT_TRUE(kernel.reading());
  EXPECT_GT(write(base::wire::Bytes(sent).subspan(read)), 0U);
}

TEST_F(RemoteKernelTest, IsGivenUpWhenItLeavesAllItAskedFor) {
  constexpr std::uint32_t length = usbip::max_transfer;
  Bytes sent;
  for (std::uint32_t seqnum = 1; seqnum <= 40; ++seqnum) {
    usbip::append_cmd_submit(sent, Rig::urb(seqnum, 0x81, length));
  }
  EXPECT_EQ(write(sent), sent.size());
  std::size_t most = 0;
  for (int answered = 0; answered < 40 && !rig.session.end(); ++answered) {
    for (const SentPacket& one : rig.packets()) rig.bulk_reply(one.id, 0x81, length);
    kernel.turn(rig.now);
    most = std::max(most, kernel.out().size());
  }
  ASSERT_TRUE(rig.session.end());
  EXPECT_EQ(rig.session.end()->reason, EndReason::kernel_violation);
  EXPECT_EQ(rig.end_text(), "the target does not take the answers to its requests");
  EXPECT_GT(most, RemoteKernel::max_unread);
  EXPECT_LT(most, RemoteKernel::max_unread + Session::max_bytes_in_flight + (1U << 20U));
}

TEST_F(RemoteKernelTest, EndsTheAttachmentWithWhatIsNoUsbip) {
  const Bytes sent = filled(48, 0xff);
  write(sent);
  ASSERT_TRUE(rig.session.end());
  EXPECT_EQ(rig.session.end()->reason, EndReason::kernel_violation);
}

TEST_F(RemoteKernelTest, TakesEveryShorterInputInSilence) {
  Bytes sent;
  usbip::append_cmd_submit(sent, Rig::urb(1, 0x02, 100), filled(100));
  for (std::size_t size = 0; size < sent.size(); ++size) {
    Rig fresh;
    fresh.connect();
    RemoteKernel shorter(fresh.session);
    const auto room = shorter.prepare();
    std::copy_n(sent.begin(), size, room.begin());
    shorter.arrived(size, fresh.now);
    EXPECT_FALSE(fresh.session.end()) << size;
    EXPECT_TRUE(fresh.packets().empty()) << size;
    shorter.closed(fresh.now);
    EXPECT_EQ(fresh.session.end()->reason, EndReason::target_detached) << size;
  }
}

}  // namespace
}  // namespace usbproxy
