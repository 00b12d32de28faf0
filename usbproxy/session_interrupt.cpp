// SPDX-License-Identifier: GPL-2.0-or-later
// Session: interrupt IN endpoints. The backend polls the device for itself and sends packets; they
// are matched with the kernel's requests in order, first to first.
#include <algorithm>
#include <cerrno>

#include "usbproxy/session.hpp"

namespace usbproxy {

using base::wire::Bytes;
using redir::PacketType;

void Session::submit_interrupt_in(const usbip::Submit& submit) {
  InterruptIn& stream = interrupts_[submit.endpoint];
  Urb& urb = admit(submit, UrbKind::interrupt_in);
  urb.state = UrbState::queued;
  stream.urbs.push_back(submit.seqnum);
  stream.idle_since = Time::max();
  if (!stream.packets.empty()) {
    const std::vector<std::byte> packet = std::move(stream.packets.front());
    stream.packets.pop_front();
    return deliver(stream, packet, redir::status::success);
  }
  if (stream.state == StreamState::off) start_stream(submit.endpoint);
}

void Session::start_stream(std::uint8_t endpoint) {
  InterruptIn& stream = interrupts_[endpoint];
  stream.state = StreamState::starting;
  stream.operation = operation_id | ++operations_;
  redir::append_packet(to_stream_.tail(), caps_, PacketType::start_interrupt_receiving,
                       stream.operation,
                       redir::EndpointOnly{static_cast<std::uint8_t>(endpoint | 0x80U)});
}

// What waits unread is of no use once polling stops.
void Session::stop_stream(std::uint8_t endpoint) {
  InterruptIn& stream = interrupts_[endpoint];
  if (stream.state != StreamState::on && stream.state != StreamState::starting) return;
  stream.state = StreamState::stopping;
  stream.operation = operation_id | ++operations_;
  counters_.dropped_packets += stream.packets.size();
  stream.packets.clear();
  redir::append_packet(to_stream_.tail(), caps_, PacketType::stop_interrupt_receiving,
                       stream.operation,
                       redir::EndpointOnly{static_cast<std::uint8_t>(endpoint | 0x80U)});
}

// Of one interface, or of all.
void Session::stop_streams_of(std::optional<std::uint8_t> interface_number) {
  for (std::size_t i = 1; i < interrupts_.size(); ++i) {
    const auto number = static_cast<std::uint8_t>(i);
    const auto address = static_cast<std::uint8_t>(number | 0x80U);
    if (interface_number && device_.endpoint(address).interface_number != *interface_number) {
      continue;
    }
    stop_stream(number);
  }
  stop_iso_of(interface_number);
}

void Session::restart_if_wanted(std::uint8_t endpoint) {
  InterruptIn& stream = interrupts_[endpoint];
  if (end_ || stream.state != StreamState::off || stream.urbs.empty()) return;
  const auto address = static_cast<std::uint8_t>(endpoint | 0x80U);
  // The new configuration or alternate setting may not have the endpoint any more.
  if (device_.endpoint(address).type != redir::endpoint_type::interrupt) {
    return fail_queued(stream, -EPIPE);
  }
  start_stream(endpoint);
}

void Session::fail_queued(InterruptIn& stream, std::int32_t status) {
  while (!stream.urbs.empty()) {
    const auto urb = urbs_.find(stream.urbs.front());
    complete(urb, {.status = status, .out_length = 0, .in_data = {}});  // leaves the queue as well
  }
}

// Called when a queued request is answered, however.
void Session::forget_queued(const Urb& urb) {
  if (urb.kind == UrbKind::isochronous) {
    IsoStream& stream = *iso_[redir::slot_of(urb.submit.address())];
    stream.queue.erase(urb.submit.seqnum);
    if (stream.queue.empty()) stream.idle_since = now_;
    return;
  }
  InterruptIn& stream = interrupts_[urb.submit.endpoint];
  std::erase(stream.urbs, urb.submit.seqnum);
}

void Session::on_interrupt_packet(const redir::Packet& packet) {
  const auto& body = std::get<redir::DataPacket>(packet.body);
  const std::uint8_t number = body.endpoint & 0x0fU;
  InterruptIn& stream = interrupts_[number];
  // Bits 4 to 6 of an endpoint address are zero (USB 2.0, 9.6.6).
  if (body.endpoint != (number | 0x80U)) return violation("interrupt packet of no endpoint");
  if (stream.state == StreamState::off) return violation("interrupt packet nobody asked for");
  if (stream.state == StreamState::stopping) return;  // it crossed our stop
  const Endpoint& endpoint = device_.endpoint(body.endpoint);
  if (packet.data.size() > endpoint.max_packet_size) {
    return violation("interrupt packet longer than the endpoint's packets");
  }
  if (body.status == redir::status::success &&
      !may_be_typed(endpoint.interface_number, packet.data)) {
    return;
  }
  if (!stream.urbs.empty()) return deliver(stream, packet.data, body.status);
  if (body.status != redir::status::success) return;  // nobody is there to be told
  if (stream.packets.size() >= max_buffered_packets) {
    stream.packets.pop_front();  // the newest state counts
    ++counters_.dropped_packets;
  }
  stream.packets.emplace_back(packet.data.begin(), packet.data.end());
}

// False: the device was found to type by itself, and the attachment has ended.
bool Session::may_be_typed(std::uint8_t interface_number, Bytes untrusted) {
  if (!typing_) return true;
  auto why = typing_->report(interface_number, untrusted, now_);
  if (!why) return true;
  finish(EndReason::injection, *std::move(why));
  return false;
}

void Session::deliver(InterruptIn& stream, Bytes data, std::uint8_t status) {
  const auto urb = urbs_.find(stream.urbs.front());
  const usbip::Submit& asked = urb->second.submit;
  std::int32_t code = 0;
  if (status == redir::status::stall) {
    code = -EPIPE;
  } else if (status != redir::status::success) {
    code = -EPROTO;
  } else if (data.size() > asked.length) {
    code = -EOVERFLOW;
  } else if (data.size() < asked.length && (asked.flags & usbip::flag::short_not_ok) != 0) {
    code = -EREMOTEIO;
  }
  complete(urb, {.status = code, .out_length = 0, .in_data = data});
}

void Session::on_interrupt_status(const redir::Packet& packet) {
  const auto& body = std::get<redir::StreamStatus>(packet.body);
  const std::uint8_t number = body.endpoint & 0x0fU;
  if (body.endpoint != (number | 0x80U) || number == 0) {
    return violation("interrupt status of no endpoint");
  }
  InterruptIn& stream = interrupts_[number];
  const bool ours = packet.id == stream.operation;
  if (stream.state == StreamState::stopping) {
    if (!ours) return;  // an error that crossed our stop
    stream.state = StreamState::off;
    return restart_if_wanted(number);
  }
  if (stream.state == StreamState::off) return;  // an error that crossed our stop's answer
  if (body.status == redir::status::success) {
    if (ours) stream.state = StreamState::on;
    return;
  }
  stream.state = StreamState::off;
  stream.packets.clear();
  fail_queued(stream, -EPIPE);
}

}  // namespace usbproxy
