// SPDX-License-Identifier: GPL-2.0-or-later
// The gate's rules; see the header.
#include "usbproxy/backend_gate.hpp"

#include <algorithm>
#include <variant>

#include "usbproxy/redir_packet.hpp"

namespace usbproxy {
namespace {

using redir::PacketType;

constexpr std::uint8_t direction_in = 0x80;

bool is_in(std::uint8_t endpoint) { return (endpoint & direction_in) != 0; }

// Not endpoint 0, and no reserved bits (USB 2.0, 9.6.6).
bool is_iso_address(std::uint8_t endpoint) {
  return (endpoint & 0x0fU) != 0 && (endpoint & 0x70U) == 0;
}
std::uint32_t bit_of(std::uint8_t endpoint) { return std::uint32_t{1} << redir::slot_of(endpoint); }

base::Unexpected<GateError> refuse(GateError error) { return base::Unexpected{error}; }

std::optional<GateError> check_stream(const redir::Packet& packet) {
  switch (packet.type) {
    case PacketType::start_interrupt_receiving:
    case PacketType::stop_interrupt_receiving:
      if (!is_in(std::get<redir::EndpointOnly>(packet.body).endpoint))
        return GateError::stream_direction;
      return std::nullopt;
    case PacketType::start_bulk_receiving: {
      const auto& start = std::get<redir::StartBulkReceiving>(packet.body);
      if (!is_in(start.endpoint)) return GateError::stream_direction;
      // Zero bytes would be asked for again and again without end.
      if (start.stream_id != 0 || start.bytes_per_transfer < 1 ||
          start.bytes_per_transfer > Gate::max_bulk_receiving_bytes || start.transfers < 1 ||
          start.transfers > Gate::max_transfers)
        return GateError::bulk_receiving_bounds;
      return std::nullopt;
    }
    case PacketType::stop_bulk_receiving:
      if (!is_in(std::get<redir::StopBulkReceiving>(packet.body).endpoint))
        return GateError::stream_direction;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace

const char* describe(GateError error) {
  switch (error) {
    case GateError::early_streams:
      return "bulk streams before a device";
    case GateError::stream_bounds:
      return "bulk streams out of bounds";
    case GateError::id_in_use:
      return "a request with the id of an open one";
    case GateError::too_many_requests:
      return "more than 256 open requests";
    case GateError::too_many_bytes:
      return "open requests for more than 32 MiB";
    case GateError::control_endpoint:
      return "a control request to another endpoint than 0";
    case GateError::control_direction:
      return "a control request whose endpoint and type disagree about the direction";
    case GateError::stream_direction:
      return "receiving on an OUT endpoint";
    case GateError::iso_stream_bounds:
      return "an isochronous stream out of bounds";
    case GateError::iso_without_stream:
      return "an isochronous packet or the end of a stream that was not started";
    case GateError::iso_endpoint:
      return "an isochronous stream of no endpoint";
    case GateError::bulk_receiving_bounds:
      return "buffered bulk receiving out of bounds";
  }
  return "an unknown violation";
}

base::Result<Gate::Verdict, GateError> Gate::check(const redir::Packet& packet) {
  switch (packet.type) {
    case PacketType::control_packet:
      return check_control(packet);
    case PacketType::bulk_packet: {
      const auto& bulk = std::get<redir::BulkPacket>(packet.body);
      if (bulk.stream_id > redir::max_bulk_streams) return refuse(GateError::stream_bounds);
      return open(packet.id, bulk.length);
    }
    case PacketType::interrupt_packet:  // only OUT comes from a guest
      return open(packet.id, packet.data.size());
    case PacketType::start_iso_stream:
    case PacketType::stop_iso_stream:
    case PacketType::iso_packet:  // only OUT comes from a guest
      return check_iso(packet);
    case PacketType::cancel_data_packet:
      return cancel(packet.id);
    case PacketType::alloc_bulk_streams:
    case PacketType::free_bulk_streams:
      return check_bulk_streams(packet);
    case PacketType::filter_filter:  // nothing here reads the guest's rules, so nobody parses them
      return Verdict::ignore;
    default:  // bounded by the decoder and safe at any time; unknown types do not get here
      break;
  }
  if (const auto error = check_stream(packet)) return refuse(*error);
  return Verdict::pass;
}

Gate::Checked Gate::check_control(const redir::Packet& packet) {
  const auto& control = std::get<redir::ControlPacket>(packet.body);
  if ((control.endpoint & ~unsigned{direction_in}) != 0) return refuse(GateError::control_endpoint);
  // Without data the direction means nothing, and Linux calls such a request OUT.
  if (control.length > 0 && is_in(control.endpoint) != is_in(control.request_type))
    return refuse(GateError::control_direction);
  return open(packet.id, control.length);
}

Gate::Checked Gate::check_iso(const redir::Packet& packet) {
  if (const auto* start = std::get_if<redir::StartIsoStream>(&packet.body)) {
    if (!is_iso_address(start->endpoint)) return refuse(GateError::iso_endpoint);
    // With one OUT transfer of one packet the library runs over the end of its packet list.
    const std::uint8_t least = is_in(start->endpoint) ? 1 : 2;
    if (start->packets_per_urb < 1 || start->packets_per_urb > max_iso_packets ||
        start->urbs < least || start->urbs > max_transfers) {
      return refuse(GateError::iso_stream_bounds);
    }
    iso_streams_ |= bit_of(start->endpoint);
    return Verdict::pass;
  }
  const auto* stop = std::get_if<redir::EndpointOnly>(&packet.body);
  const std::uint8_t endpoint =
      stop != nullptr ? stop->endpoint : std::get<redir::DataPacket>(packet.body).endpoint;
  if (!is_iso_address(endpoint)) return refuse(GateError::iso_endpoint);
  if ((iso_streams_ & bit_of(endpoint)) == 0) return refuse(GateError::iso_without_stream);
  if (stop != nullptr) iso_streams_ &= ~bit_of(endpoint);
  return Verdict::pass;
}

Gate::Checked Gate::check_bulk_streams(const redir::Packet& packet) const {
  if (!device_connected_) return refuse(GateError::early_streams);
  if (device_disconnected_) return Verdict::ignore;
  const auto* wanted = std::get_if<redir::AllocBulkStreams>(&packet.body);
  const std::uint32_t endpoints = wanted != nullptr
                                      ? wanted->endpoints
                                      : std::get<redir::FreeBulkStreams>(packet.body).endpoints;
  constexpr std::uint32_t of_control = 1U | 1U << 16U;
  if (endpoints == 0 || (endpoints & of_control) != 0) return refuse(GateError::stream_bounds);
  // Fewer than two are none (drivers/usb/core/devio.c, parse_usbdevfs_streams).
  if (wanted != nullptr && (wanted->streams < 2 || wanted->streams > redir::max_bulk_streams)) {
    return refuse(GateError::stream_bounds);
  }
  return Verdict::pass;
}

Gate::Checked Gate::open(std::uint64_t id, std::size_t bytes) {
  const bool known = std::ranges::any_of(open_, [id](const Open& each) { return each.id == id; });
  if (known) return refuse(GateError::id_in_use);
  if (open_.size() >= max_requests) return refuse(GateError::too_many_requests);
  if (bytes > max_request_bytes - open_bytes_) return refuse(GateError::too_many_bytes);
  open_.push_back(Open{.id = id, .bytes = bytes, .cancelled = false});
  open_bytes_ += bytes;
  return Verdict::pass;
}

// The answer may be under way when the guest gives up, so an id that is not open is no violation.
Gate::Checked Gate::cancel(std::uint64_t id) {
  const auto found = std::ranges::find(open_, id, &Open::id);
  if (found == open_.end() || found->cancelled) return Verdict::ignore;
  found->cancelled = true;
  return Verdict::pass;
}

void Gate::close(std::uint64_t id) {
  const auto found = std::ranges::find(open_, id, &Open::id);
  if (found == open_.end()) return;
  open_bytes_ -= found->bytes;
  *found = open_.back();
  open_.pop_back();
}

std::vector<std::byte> Gate::hello_for_library(std::uint32_t guest_caps) {
  std::vector<std::byte> hello;
  redir::append_hello(hello, guest_caps & backend_caps);
  return hello;
}

void Gate::note_sent(base::wire::Bytes packet, std::optional<std::uint32_t> caps) {
  base::wire::Reader in(packet);
  const auto type = static_cast<PacketType>(in.u32());
  in.u32();  // length
  const bool wide = (caps.value_or(0) & redir::cap::ids_64bit) != 0;
  const std::uint64_t id = wide ? in.u64() : in.u32();
  const std::uint8_t endpoint = in.u8();

  switch (type) {
    case PacketType::device_connect:
      device_connected_ = true;
      break;
    case PacketType::device_disconnect:
      device_disconnected_ = true;
      break;
    case PacketType::control_packet:
    case PacketType::bulk_packet:
      close(id);
      break;
    case PacketType::interrupt_packet:  // IN belongs to a stream and has ids of its own
      if (!is_in(endpoint)) close(id);
      break;
    default:
      break;
  }
}

}  // namespace usbproxy
