// SPDX-License-Identifier: GPL-2.0-or-later
// Session: isochronous endpoints, and their streams (how requests are served:
// session_iso_serve.cpp). The backend streams for itself; between it and the kernel's requests
// stand a buffer and a clock. Every request is answered when its intervals are over, whatever the
// backend does: what did not come in time is an empty packet with an error, as on a bus that lost
// it. So no driver is served faster than the bus would be, and none waits.
//
// IN: packets fill a buffer that holds shape.ahead of them against jitter; requests take theirs in
// order. OUT: usbredir answers none of these packets, so their time alone paces them; they leave
// shape.ahead of it, which is what usbredirhost wants to have before it begins.
#include <algorithm>
#include <cerrno>

#include "usbproxy/session.hpp"

namespace usbproxy {
namespace {

using base::wire::Bytes;
using redir::PacketType;
using usbip::Direction;

bool is_in(std::uint8_t address) { return (address & 0x80U) != 0; }
// Bits 4 to 6 of an endpoint address are zero (USB 2.0, 9.6.6).
bool is_address(std::uint8_t untrusted) {
  return (untrusted & 0x70U) == 0 && (untrusted & 0x0fU) != 0;
}

// How a driver expects a packet's error (linux/Documentation/driver-api/usb/error-codes.rst).
std::int32_t packet_errno(std::uint8_t untrusted_status) {
  switch (untrusted_status) {
    case redir::status::success:
      return 0;
    case redir::status::babble:
      return -EOVERFLOW;
    default:
      return -EPROTO;
  }
}

// Whether a message about an OUT transfer leaves the stream running (usbredirhost.c).
bool goes_on(std::uint8_t untrusted_status) {
  return untrusted_status == redir::status::ioerror || untrusted_status == redir::status::timeout ||
         untrusted_status == redir::status::babble;
}

}  // namespace

void Session::submit_iso(const usbip::Command& command) {
  const usbip::Submit& submit = command.submit;
  const std::uint8_t address = submit.address();
  const Endpoint& endpoint = device_.endpoint(address);
  if (reading_ == Reading::after_reset) return refuse_urb(command, -EPROTO);
  if (submit.endpoint == 0 || endpoint.type != redir::endpoint_type::isochronous ||
      !is_given(endpoint)) {
    return refuse_urb(command, -ENOENT);  // not in this alternate setting, or not the target's
  }
  // What is longer than the endpoint's packets cannot come in.
  const std::uint32_t longest = is_in(address) ? submit.length : endpoint.max_packet_size;
  if (!usbip::read_iso_places(command, longest, iso_places_)) return refuse_urb(command, -EINVAL);
  auto& place = iso_[redir::slot_of(address)];
  if (!place) {
    place = std::make_unique<IsoStream>(iso_shape(endpoint, device_.speed(), submit.direction));
  }
  IsoStream& stream = *place;
  if (!stream.queue.has_room(iso_places_.size(), command.data.size())) {
    return refuse_urb(command, -ENOMEM);
  }
  admit(submit, UrbKind::isochronous).state = UrbState::queued;
  if (stream.queue.empty()) {
    stream.clock.resume(now_);
    stream.start_clock_at = now_ + iso_start_deadline;
  }
  stream.queue.push_back(submit.seqnum, iso_places_, command.data);
  stream.idle_since = Time::max();
  run_iso(address, stream);
}

void Session::start_iso(std::uint8_t address, IsoStream& stream) {
  const Endpoint& endpoint = device_.endpoint(address);
  // The new configuration or alternate setting may not have the endpoint any more.
  if (endpoint.type != redir::endpoint_type::isochronous) return fail_iso_queue(stream, -EPIPE);
  stream.reshape(
      iso_shape(endpoint, device_.speed(), is_in(address) ? Direction::in : Direction::out));
  stream.forget();
  stream.state = StreamState::starting;
  stream.operation = operation_id | ++operations_;
  redir::append_packet(to_stream_.tail(), caps_, PacketType::start_iso_stream, stream.operation,
                       redir::StartIsoStream{.endpoint = address,
                                             .packets_per_urb = stream.shape.packets_per_urb,
                                             .urbs = stream.shape.urbs});
}

// Not while the setting changes: which endpoints there are is not known then.
bool Session::may_start_iso(const IsoStream& stream) const {
  return stream.state == StreamState::off && changes_.empty();
}

void Session::stop_iso(std::uint8_t address, IsoStream& stream) {
  stream.clock.stop();
  stream.retry_at = Time::min();
  stream.start_clock_at = now_ + iso_start_deadline;
  if (stream.state != StreamState::on && stream.state != StreamState::starting) return;
  stream.forget();
  stream.state = StreamState::stopping;
  stream.operation = operation_id | ++operations_;
  redir::append_packet(to_stream_.tail(), caps_, PacketType::stop_iso_stream, stream.operation,
                       redir::EndpointOnly{address});
}

// Of one interface, or of all.
void Session::stop_iso_of(std::optional<std::uint8_t> interface_number) {
  for (std::size_t slot = 0; slot < iso_.size(); ++slot) {
    if (!iso_[slot]) continue;
    const std::uint8_t address = redir::address_of(slot);
    if (interface_number && device_.endpoint(address).interface_number != *interface_number) {
      continue;
    }
    stop_iso(address, *iso_[slot]);
  }
}

void Session::on_iso_packet(const redir::Packet& packet) {
  const auto& body = std::get<redir::DataPacket>(packet.body);
  if (!is_address(body.endpoint)) return violation("isochronous packet of no endpoint");
  IsoStream* const stream = iso_[redir::slot_of(body.endpoint)].get();
  if (stream == nullptr || stream->state == StreamState::off) {
    return violation("isochronous packet nobody asked for");
  }
  if (stream->state == StreamState::stopping) return;  // it crossed our stop
  if (packet.data.size() > stream->shape.packet_size) {
    return violation("isochronous packet longer than the endpoint's packets");
  }
  if (!stream->flowing) {
    stream->flowing = true;
    stream->clock.start(now_ +
                        stream->shape.interval * static_cast<std::int64_t>(stream->shape.ahead));
  }
  const std::int32_t status = packet_errno(body.status);
  if (status != 0) ++counters_.iso.failed;
  const std::size_t asked = stream->queue.empty() ? 0 : stream->queue.front().packets.size();
  const std::size_t keep = stream->shape.ahead + asked;
  const auto done = stream->buffer.arrive(
      packet.id, {.status = status, .data = status == 0 ? packet.data : Bytes{}}, keep, 4 * keep);
  counters_.iso.lost += done.lost;
  counters_.iso.dropped += done.dropped;
}

void Session::on_iso_status(const redir::Packet& packet) {
  const auto& body = std::get<redir::StreamStatus>(packet.body);
  if (!is_address(body.endpoint)) return violation("isochronous status of no endpoint");
  const auto& place = iso_[redir::slot_of(body.endpoint)];
  if (!place) return violation("isochronous status nobody asked for");
  IsoStream& stream = *place;
  const bool ours = packet.id == stream.operation;
  switch (stream.state) {
    case StreamState::off:  // an error that crossed our stop's answer
      return;
    case StreamState::stopping:
      if (!ours) return;  // an error that crossed our stop
      stream.state = StreamState::off;
      return run_iso(body.endpoint, stream);
    case StreamState::starting:
      if (!ours) return;  // of what was before
      if (body.status != redir::status::success) return iso_broken(stream);
      stream.state = StreamState::on;
      if (is_in(body.endpoint)) return;
      if (!stream.clock.running()) stream.clock.start(now_);
      return send_iso(body.endpoint, stream);
    case StreamState::on:
      if (body.status == redir::status::success) return;
      if (!is_in(body.endpoint) && goes_on(body.status)) {
        ++counters_.iso.failed;
        return;
      }
      return iso_broken(stream);
  }
}

// The backend has stopped it, or could not start it. The target is served empty packets in time,
// and the stream is started again, once a second at most, as long as the target asks.
void Session::iso_broken(IsoStream& stream) {
  ++counters_.iso.failed;
  stream.forget();
  stream.state = StreamState::off;
  stream.retry_at = now_ + iso_retry;
  if (!stream.clock.running()) stream.clock.start(now_);
}

void Session::tick_iso() {
  for (std::size_t slot = 0; slot < iso_.size() && !end_; ++slot) {
    if (iso_[slot]) run_iso(redir::address_of(slot), *iso_[slot]);
  }
}

void Session::run_iso(std::uint8_t address, IsoStream& stream) {
  if (stream.queue.empty()) {
    if (now_ >= stream.idle_since && now_ - stream.idle_since >= stream_idle) {
      stream.idle_since = Time::max();
      stop_iso(address, stream);
    }
    return;
  }
  if (!stream.clock.running() && now_ >= stream.start_clock_at) stream.clock.start(now_);
  if (may_start_iso(stream) && now_ >= stream.retry_at) start_iso(address, stream);
  while (!stream.queue.empty() && stream.clock.running() &&
         stream.clock.due(stream.queue.front().packets.size()) <= now_) {
    serve_iso(stream);
  }
  if (!is_in(address)) send_iso(address, stream);
}

Time Session::next_iso_deadline() const {
  Time next = Time::max();
  for (const auto& stream : iso_) {
    if (!stream) continue;
    if (stream->queue.empty()) {
      if (stream->idle_since != Time::max()) {
        next = std::min(next, stream->idle_since + stream_idle);
      }
      continue;
    }
    const Time due = stream->clock.running()
                         ? stream->clock.due(stream->queue.front().packets.size())
                         : stream->start_clock_at;
    next = std::min(next, due);
    if (may_start_iso(*stream)) next = std::min(next, stream->retry_at);
  }
  return next;
}

}  // namespace usbproxy
