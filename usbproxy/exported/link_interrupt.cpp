// SPDX-License-Identifier: GPL-2.0-or-later
// Link: interrupt IN endpoints. The session starts a stream of packets; the device is asked for one
// after the other, always with another request behind the one that is served.
#include <algorithm>
#include <utility>

#include "usbproxy/exported/link.hpp"
#include "usbproxy/transfer_status.hpp"

namespace usbproxy::exported {

using redir::PacketType;

void Link::start_polling(std::uint8_t endpoint, std::uint64_t id) {
  const bool there = endpoints_[redir::slot_of(endpoint)].type == redir::endpoint_type::interrupt;
  tell_later(PacketType::interrupt_receiving_status, id,
             redir::StreamStatus{there ? redir::status::success : redir::status::stall, endpoint});
  Polling& polling = polling_[endpoint & 0x0fU];
  if (!there || std::exchange(polling.on, true)) return;
  for (Number& place : polling.submits) poll(endpoint, place);
}

void Link::stop_polling(std::uint8_t endpoint, std::uint64_t id) {
  unlink_polls(polling_[endpoint & 0x0fU]);
  tell_later(PacketType::interrupt_receiving_status, id,
             redir::StreamStatus{redir::status::success, endpoint});
}

// What they still bring is of a stream that is over.
void Link::unlink_polls(Polling& polling) {
  polling.on = false;
  for (Number& place : polling.submits) {
    if (const Number submit = std::exchange(place, 0); submit != 0) unlink(submit);
  }
}

void Link::poll(std::uint8_t endpoint, Number& place) {
  const usbip::Submit submit =
      submit_for(endpoint, endpoints_[redir::slot_of(endpoint)].max_packet_size);
  place = submit.seqnum;
  send(Kind::interrupt_in, 0, submit, {});
}

void Link::polled(const Pending& asked, const usbip::Answered& answered) {
  const std::uint8_t endpoint = asked.submit.address();
  Polling& polling = polling_[asked.submit.endpoint];
  const auto place = std::find(polling.submits.begin(), polling.submits.end(), asked.submit.seqnum);
  if (place == polling.submits.end()) return;  // given up
  *place = 0;
  if (answered.status != 0) {
    // Started again when the target has cleared the halt; to go on by ourselves could turn for
    // ever.
    unlink_polls(polling);
    return tell(PacketType::interrupt_receiving_status, 0,
                redir::StreamStatus{redir::status::stall, endpoint});
  }
  poll(endpoint, *place);
  tell(PacketType::interrupt_packet, polling.packets++,
       redir::DataPacket{.endpoint = endpoint,
                         .status = redir::status::success,
                         .length = static_cast<std::uint16_t>(answered.data.size())},
       answered.data);
}

}  // namespace usbproxy::exported
