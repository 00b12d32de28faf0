// SPDX-License-Identifier: GPL-2.0-or-later
// The emulator without a machine: what it says to a kernel and to a frontend.
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "base/io/files.hpp"
#include "tests/attacks/emulator/honest.hpp"
#include "tests/attacks/emulator/io/redir_server.hpp"
#include "tests/attacks/emulator/io/usbip_server.hpp"
#include "tests/attacks/emulator/walk.hpp"

namespace attacks {
namespace {

namespace usbip = usbproxy::usbip;

constexpr usbip::Setup read_configuration{0x80, 6, 0x0200, 0, 255};

TEST(Emulator, HonestDevicesSayWhatTheyAre) {
  Device device = keyboard();
  const Answer answer = device.control(read_configuration, {});
  ASSERT_EQ(answer.kind, Answer::Kind::ok);
  const Walked walked = walk(answer.data);
  ASSERT_EQ(walked.interfaces.size(), 1U);
  EXPECT_EQ(walked.interfaces[0].code, 3);
  ASSERT_EQ(walked.interfaces[0].endpoints.size(), 1U);
  EXPECT_EQ(walked.interfaces[0].endpoints[0].address, 0x83);
  EXPECT_EQ(identity_text(device.descriptor, device.configurations[0]), "1209:0002::u030101");
}

TEST(Emulator, AnswersAreNoLongerThanAsked) {
  Device device = keyboard();
  const Answer answer = device.control(usbip::Setup{0x80, 6, 0x0100, 0, 8}, {});
  EXPECT_EQ(answer.data.size(), 8U);
}

TEST(Emulator, FaultsActFromTheRequestOnThatTheyName) {
  Device device = keyboard().with({Step::configuration_whole, stall(), 1, 1});
  EXPECT_EQ(device.control(read_configuration, {}).kind, Answer::Kind::ok);
  EXPECT_EQ(device.control(read_configuration, {}).kind, Answer::Kind::stall);
  EXPECT_EQ(device.control(read_configuration, {}).kind, Answer::Kind::ok);
}

TEST(Emulator, WalkEndsWhereLengthsLie) {
  const Memory good = configuration({keyboard_interface()});
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_LE(walk(Bytes(good).first(size)).interfaces.size(), 1U);
  EXPECT_TRUE(walk(patched(good, 0, {0})).interfaces.empty());
  EXPECT_TRUE(walk(patched(good, 0, {255})).interfaces.empty());
}

TEST(Emulator, AKernelReadsADescriptor) {
  auto sockets = base::io::stream_pair();
  ASSERT_TRUE(sockets);
  std::thread server([&] { UsbipServer(keyboard(), std::move(sockets->second)).run(); });
  Memory request;
  usbip::Submit submit;
  submit.seqnum = 7;
  submit.direction = usbip::Direction::in;
  submit.length = 18;
  submit.setup = usbip::Setup{0x80, 6, 0x0100, 0, 18};
  usbip::append_cmd_submit(request, submit);
  ASSERT_TRUE(base::io::write_all(sockets->first, base::wire::as_text(request)));
  Memory reply(usbip::header_size + 18);
  std::size_t have = 0;
  while (have < reply.size()) {
    const ssize_t got = ::read(sockets->first.get(), reply.data() + have, reply.size() - have);
    ASSERT_GT(got, 0);
    have += static_cast<std::size_t>(got);
  }
  const Memory descriptor(reply.begin() + usbip::header_size, reply.end());
  EXPECT_EQ(descriptor, keyboard().descriptor);
  sockets->first.reset();
  server.join();
}

// The header, then a hello: whatever else it lies about.
TEST(Emulator, ABackendIntroducesItself) {
  auto sockets = base::io::stream_pair();
  ASSERT_TRUE(sockets);
  std::thread server([&] { RedirServer(disk(), {}, std::move(sockets->second)).run(); });
  Memory hello;
  redir::append_hello(hello, redir::cap::frontend);
  ASSERT_TRUE(base::io::write_all(sockets->first, base::wire::as_text(hello)));
  Memory header(18);
  ASSERT_EQ(::read(sockets->first.get(), header.data(), header.size()), 18);
  redir::Decoder decoder(redir::Sender::host, redir::cap::frontend);
  std::vector<redir::PacketType> seen;
  while (seen.size() < 4) {
    const auto room = decoder.prepare();
    const ssize_t got = ::read(sockets->first.get(), room.data(), room.size());
    ASSERT_GT(got, 0);
    decoder.commit(static_cast<std::size_t>(got));
    for (;;) {
      const auto packet = decoder.next();
      ASSERT_TRUE(packet) << redir::describe(packet.error());
      if (*packet == nullptr) break;
      seen.push_back((*packet)->type);
    }
  }
  EXPECT_EQ(seen, (std::vector{redir::PacketType::hello, redir::PacketType::interface_info,
                               redir::PacketType::ep_info, redir::PacketType::device_connect}));
  sockets->first.reset();
  server.join();
}

}  // namespace
}  // namespace attacks
