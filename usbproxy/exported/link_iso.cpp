// SPDX-License-Identifier: GPL-2.0-or-later
// Link: isochronous endpoints. The session starts a stream and says in which pieces; here are the
// requests that keep it going.
#include <cerrno>
#include <utility>

#include "usbproxy/exported/link.hpp"
#include "usbproxy/transfer_status.hpp"

namespace usbproxy::exported {
namespace {

using base::wire::Bytes;
using redir::PacketType;

bool is_in(std::uint8_t endpoint) { return (endpoint & 0x80U) != 0; }

// Single packets that went wrong are told with them.
bool goes_on(std::int32_t status) { return status == 0 || status == -EXDEV; }

}  // namespace

void Link::start_iso(const redir::StartIsoStream& wanted, std::uint64_t id) {
  const Endpoint& endpoint = endpoints_[redir::slot_of(wanted.endpoint)];
  const bool there = endpoint.type == redir::endpoint_type::isochronous &&
                     wanted.packets_per_urb > 0 && wanted.urbs > 0 && wanted.urbs <= max_iso_urbs;
  tell_later(
      PacketType::iso_stream_status, id,
      redir::StreamStatus{there ? redir::status::success : redir::status::stall, wanted.endpoint});
  if (!there) return;
  Streaming& stream = streaming_[redir::slot_of(wanted.endpoint)];
  stop_streaming(stream);
  stream.on = true;
  stream.packets = wanted.packets_per_urb;
  stream.next_id = 0;
  if (!is_in(wanted.endpoint)) {
    stream.sender.emplace(endpoint.max_packet_size, wanted.packets_per_urb, wanted.urbs);
    return;
  }
  for (unsigned i = 0; i < wanted.urbs; ++i) ask_iso(wanted.endpoint, stream);
}

void Link::stop_iso(std::uint8_t endpoint, std::uint64_t id) {
  stop_streaming(streaming_[redir::slot_of(endpoint)]);
  tell_later(PacketType::iso_stream_status, id,
             redir::StreamStatus{redir::status::success, endpoint});
}

void Link::stop_streaming(Streaming& stream) {
  stream.on = false;
  stream.sender.reset();
  for (const Number submit : std::exchange(stream.submits, {})) unlink(submit);
}

void Link::ask_iso(std::uint8_t endpoint, Streaming& stream) {
  const std::uint32_t size = endpoints_[redir::slot_of(endpoint)].max_packet_size;
  std::vector<usbip::IsoPlace> places;
  for (std::uint32_t i = 0; i < stream.packets; ++i) places.push_back({i * size, size});
  submit_iso(endpoint, stream, {.data = {}, .places = std::move(places)}, size * stream.packets);
}

void Link::submit_iso(std::uint8_t endpoint, Streaming& stream, const IsoSender::Request& request,
                      std::uint32_t length) {
  usbip::Submit submit = submit_for(endpoint, length);
  submit.flags = usbip::flag::iso_asap;
  submit.iso_packets = static_cast<std::uint32_t>(request.places.size());
  stream.submits.push_back(submit.seqnum);
  std::vector<std::byte> places;
  usbip::append_iso_places(places, request.places);
  send(Kind::iso, 0, submit, request.data, places);
}

// What a stream that is stuck is given would be late.
void Link::on_iso_out(const redir::Packet& packet) {
  const std::uint8_t endpoint = std::get<redir::DataPacket>(packet.body).endpoint;
  Streaming& stream = streaming_[redir::slot_of(endpoint)];
  const std::size_t longest = endpoints_[redir::slot_of(endpoint)].max_packet_size;
  if (!stream.sender || packet.data.size() > longest) return;
  stream.sender->push(packet.data);
  send_iso(endpoint, stream);
}

void Link::send_iso(std::uint8_t endpoint, Streaming& stream) {
  if (to_device_.size() > Session::max_iso_backlog) return;
  while (const auto request = stream.sender->next(stream.submits.size())) {
    submit_iso(endpoint, stream, *request, static_cast<std::uint32_t>(request->data.size()));
  }
}

void Link::iso_answered(const Pending& asked, const usbip::Answered& answered) {
  const std::uint8_t endpoint = asked.submit.address();
  Streaming& stream = streaming_[redir::slot_of(endpoint)];
  if (std::erase(stream.submits, asked.submit.seqnum) == 0) return;  // given up
  if (!goes_on(answered.status)) {
    stop_streaming(stream);
    return tell(PacketType::iso_stream_status, 0,
                redir::StreamStatus{redir::status::stall, endpoint});
  }
  if (stream.sender) return send_iso(endpoint, stream);
  ask_iso(endpoint, stream);
  take_iso(endpoint, stream, answered);
}

void Link::take_iso(std::uint8_t endpoint, Streaming& stream, const usbip::Answered& answered) {
  Bytes rest = answered.data;
  for (const usbip::IsoOutcome& one : answered.packets) {
    const Bytes data = rest.first(one.actual);  // the parser has added them up
    rest = rest.subspan(one.actual);
    if (session_.end()) return;
    tell(PacketType::iso_packet, stream.next_id++,
         redir::DataPacket{.endpoint = endpoint,
                           .status = transfer_status(one.status),
                           .length = static_cast<std::uint16_t>(data.size())},
         data);
  }
}

}  // namespace usbproxy::exported
