// SPDX-License-Identifier: GPL-2.0-or-later
// Link: interrupt IN endpoints. QEMU starts a stream of packets and takes what comes; the session
// is asked for one packet at a time, as a driver would, and only while QEMU takes them.
#include <utility>

#include "usbproxy/guest/link.hpp"

namespace usbproxy::guest {
namespace {

using redir::PacketType;

bool is_in_endpoint(std::uint8_t address) {
  return (address & 0xf0U) == 0x80U && (address & 0x0fU) != 0;
}

}  // namespace

void Link::start_polling(std::uint8_t endpoint, std::uint64_t id) {
  if (!is_in_endpoint(endpoint)) return broken("interrupt packets of no endpoint");
  const bool there = session_.device().endpoint(endpoint).type == redir::endpoint_type::interrupt;
  polling_[endpoint & 0x0fU].on = there;
  send(PacketType::interrupt_receiving_status, id,
       redir::StreamStatus{there ? redir::status::success : redir::status::stall, endpoint});
}

void Link::stop_polling(std::uint8_t endpoint, std::uint64_t id) {
  if (!is_in_endpoint(endpoint)) return broken("interrupt packets of no endpoint");
  Polling& one = polling_[endpoint & 0x0fU];
  one.on = false;
  if (one.submit != 0 && !std::exchange(one.unlinked, true)) unlink(one.submit);
  send(PacketType::interrupt_receiving_status, id,
       redir::StreamStatus{redir::status::success, endpoint});
}

void Link::poll() {
  for (std::size_t i = 1; i < polling_.size() && !session_.end() && reading(); ++i) {
    Polling& one = polling_[i];
    if (!one.on || one.submit != 0) continue;
    const auto address = static_cast<std::uint8_t>(0x80U | i);
    usbip::Submit submit;
    submit.seqnum = next_number();
    submit.direction = usbip::Direction::in;
    submit.endpoint = static_cast<std::uint8_t>(i);
    submit.length = session_.device().endpoint(address).max_packet_size;
    one.submit = submit.seqnum;
    feed(submit, {});
  }
}

// True when the reply was one of a poll.
bool Link::polled(const Reply& reply) {
  for (std::size_t i = 1; i < polling_.size(); ++i) {
    Polling& one = polling_[i];
    if (one.submit != reply.seqnum) continue;
    one.submit = 0;
    one.unlinked = false;
    if (!one.on) return true;  // it crossed QEMU's stop
    const auto address = static_cast<std::uint8_t>(0x80U | i);
    if (reply.status != 0) {
      // QEMU starts again when its guest has cleared the halt; to go on by ourselves could turn for
      // ever.
      one.on = false;
      send(PacketType::interrupt_receiving_status, 0,
           redir::StreamStatus{redir::status::stall, address});
      return true;
    }
    send(PacketType::interrupt_packet, one.packets++,
         redir::DataPacket{.endpoint = address,
                           .status = redir::status::success,
                           .length = static_cast<std::uint16_t>(reply.data.size())},
         reply.data);
    return true;
  }
  return false;
}

void Link::poll_unlinked(Number victim) {
  for (Polling& one : polling_) {
    if (one.submit != victim) continue;
    one.submit = 0;
    one.unlinked = false;
  }
}

}  // namespace usbproxy::guest
