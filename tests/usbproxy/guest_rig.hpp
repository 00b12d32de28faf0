// SPDX-License-Identifier: GPL-2.0-or-later
// A QEMU's usb-redir, the link, the session and a backend, in memory.
#pragma once

#include "tests/usbproxy/guest_qemu.hpp"
#include "tests/usbproxy/session_rig.hpp"
#include "usbproxy/guest/link.hpp"

namespace usbproxy::test {

// The device is stick_and_keyboard(), unless a test changes what it is.
class GuestRig {
 public:
  explicit GuestRig(std::optional<Identity> expected = std::nullopt, firewall::Rights rights = {})
      : rig(std::move(expected), std::move(rights), redir::cap::all), link(rig.session) {}

  void connect() {
    rig.connect();
    qemu.hello();
    turn();
    ASSERT_TRUE(qemu.attached()) << rig.end_text();
  }
  // QEMU's bytes to the link, the link's to QEMU; what QEMU got.
  std::vector<Qemu::Packet> turn() {
    const Bytes sent = qemu.take_sent();
    for (base::wire::Bytes rest = sent; !rest.empty() && !rig.session.end();) {
      const auto room = link.prepare();
      const std::size_t count = std::min(room.size(), rest.size());
      std::copy_n(rest.begin(), count, room.begin());
      rest = rest.subspan(count);
      link.arrived(count, rig.now);
    }
    link.turn(rig.now);
    auto all = qemu.received(link.out().waiting());
    link.out().clear();
    EXPECT_EQ(qemu.complaints(), "");
    return all;
  }
  // What the backend was asked, after QEMU's turn.
  std::vector<SentPacket> asked() {
    turn();
    return rig.packets();
  }
  void configure() {
    qemu.set_configuration(1, 1);
    const auto sent = asked();
    ASSERT_EQ(sent.size(), 1U);
    ASSERT_EQ(sent[0].type, PacketType::set_configuration);
    rig.host(PacketType::configuration_status, sent[0].id, redir::ConfigurationStatus{0, 1});
    const auto told = turn();
    ASSERT_EQ(told.size(), 3U);  // with the tables before it
    ASSERT_EQ(told[2].type, PacketType::configuration_status);
  }

  Rig rig;
  guest::Link link;
  Qemu qemu;
};

template <class Body>
const Body& body_of(const Qemu::Packet& packet) {
  return std::get<Body>(packet.body);
}

}  // namespace usbproxy::test
