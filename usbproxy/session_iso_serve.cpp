// SPDX-License-Identifier: GPL-2.0-or-later
// Session: isochronous requests, served when their time has come, and what leaves ahead of it.
#include <cerrno>

#include "usbproxy/session.hpp"

namespace usbproxy {

using base::wire::Bytes;
using redir::PacketType;

// The oldest request's time has come.
void Session::serve_iso(IsoStream& stream) {
  const std::size_t count = stream.queue.front().packets.size();
  const auto urb = urbs_.find(stream.queue.front().seqnum);
  iso_packets_.clear();
  if (urb->second.submit.direction == usbip::Direction::in) {
    fill_iso_in(stream);
  } else {
    fill_iso_out(stream);
  }
  usbip::append_iso_ret_submit(to_kernel_.tail(), urb->second.submit, iso_packets_, 0,
                               stream.frame);
  stream.frame = (stream.frame + static_cast<std::uint32_t>(count)) & 0x7fffffffU;  // an int there
  auto lean = IsoClock::Lean::none;
  const std::size_t waits = stream.buffer.size();
  const std::size_t slack = stream.shape.ahead / 2;
  if (stream.flowing && waits > stream.shape.ahead + slack) lean = IsoClock::Lean::sooner;
  if (stream.flowing && waits + slack < stream.shape.ahead) lean = IsoClock::Lean::later;
  stream.clock.advance(count, lean, now_);
  release(urb->second);
  urbs_.erase(urb);
}

void Session::fill_iso_in(IsoStream& stream) {
  for (const usbip::IsoPlace& place : stream.queue.front().packets) {
    if (stream.buffer.empty()) {
      ++counters_.iso.late;
      iso_packets_.push_back({.place = place, .status = -EXDEV, .in_data = {}});
      continue;
    }
    const IsoBuffer::Packet packet = stream.buffer.pop();
    const bool fits = packet.data.size() <= place.length;
    if (packet.status == 0) ++counters_.iso.served;
    iso_packets_.push_back({.place = place,
                            .status = packet.status == 0 && !fits ? -EOVERFLOW : packet.status,
                            .in_data = packet.data});
  }
}

void Session::fill_iso_out(IsoStream& stream) {
  const IsoRequest& request = stream.queue.front();
  if (!request.sent) counters_.iso.late += request.packets.size();
  for (const usbip::IsoPlace& place : request.packets) {
    iso_packets_.push_back({.place = place, .status = request.sent ? 0 : -EXDEV, .in_data = {}});
  }
}

// As many as may be ahead of their time; one request at least.
void Session::send_iso(std::uint8_t address, IsoStream& stream) {
  if (stream.state != StreamState::on || !stream.clock.running()) return;
  std::size_t ahead = 0;
  for (std::size_t i = 0; i < stream.queue.size(); ++i) {
    IsoRequest& request = stream.queue.at(i);
    ahead += request.packets.size();
    if (request.sent) continue;
    if (i > 0 && ahead > stream.shape.ahead) return;
    send_iso_request(address, stream, request);
  }
}

void Session::send_iso_request(std::uint8_t address, IsoStream& stream, IsoRequest& request) {
  const bool stuck = to_stream_.size() >= max_iso_backlog;
  (stuck ? counters_.iso.dropped : counters_.iso.served) += request.packets.size();
  for (const usbip::IsoPlace& place : request.packets) {
    const std::uint64_t id = stream.next_out_id++;
    if (stuck) continue;
    redir::append_packet(
        to_stream_.tail(), caps_, PacketType::iso_packet, id,
        redir::DataPacket{
            .endpoint = address, .status = 0, .length = static_cast<std::uint16_t>(place.length)},
        Bytes(request.data).subspan(place.offset, place.length));
  }
  stream.queue.mark_sent(request);
}

void Session::fail_iso_queue(IsoStream& stream, std::int32_t status) {
  while (!stream.queue.empty()) {
    const auto urb = urbs_.find(stream.queue.front().seqnum);
    complete(urb, {.status = status, .out_length = 0, .in_data = {}});  // leaves the queue as well
  }
}

// Every packet of it.
void Session::append_iso_failed(const Urb& urb, std::int32_t status) {
  IsoQueue& queue = iso_[redir::slot_of(urb.submit.address())]->queue;
  iso_packets_.clear();
  for (std::size_t i = 0; i < queue.size(); ++i) {
    if (queue.at(i).seqnum != urb.submit.seqnum) continue;
    for (const usbip::IsoPlace& place : queue.at(i).packets) {
      iso_packets_.push_back({.place = place, .status = status, .in_data = {}});
    }
  }
  usbip::append_iso_ret_submit(to_kernel_.tail(), urb.submit, iso_packets_, status,
                               urb.submit.start_frame);
}

}  // namespace usbproxy
