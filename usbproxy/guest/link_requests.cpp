// SPDX-License-Identifier: GPL-2.0-or-later
// Link: what QEMU asks for, as submits to the session.
#include "usbproxy/guest/link.hpp"

namespace usbproxy::guest {
namespace {

using base::wire::Bytes;
using redir::PacketType;

constexpr std::uint8_t in_bit = 0x80;

// Bits 4 to 6 of an endpoint address are zero (USB 2.0, 9.6.6); 0 is the control endpoint.
bool is_data_endpoint(std::uint8_t address) {
  return (address & 0x70U) == 0 && (address & 0x0fU) != 0;
}

}  // namespace

// Never 0, and none that the session may still know.
Link::Number Link::next_number() {
  const auto used = [this](Number number) {
    if (number == 0 || requests_.uses(number) || stream_requests_.contains(number)) return true;
    for (const auto& [own, victim] : unlinks_) {
      if (own == number || victim == number) return true;
    }
    for (const Polling& one : polling_) {
      if (one.submit == number) return true;
    }
    return false;
  };
  do {
    ++last_number_;
  } while (used(last_number_));
  return last_number_;
}

void Link::handle(const redir::Packet& packet) {
  switch (packet.type) {
    case PacketType::hello:
      return on_hello();
    case PacketType::filter_filter:  // QEMU's own; what may be attached is dom0's policy
    case PacketType::device_disconnect_ack:
      return;
    case PacketType::filter_reject:
      return session_.refuse(
          "the guest's QEMU does not take the device: no USB port of its speed (USB 3 devices need "
          "-device qemu-xhci), or a driver that needs bulk streams, and sys-usb's sallyport or USB "
          "controller has none",
          now_);
    default:
      break;
  }
  if (!introduced_) return broken("a request before a device");
  handle_data(packet);
}

void Link::handle_data(const redir::Packet& packet) {
  const auto endpoint = [&packet] { return std::get<redir::EndpointOnly>(packet.body).endpoint; };
  switch (packet.type) {
    case PacketType::reset:
      return session_.target_reset(now_);
    case PacketType::set_configuration:
      return on_setting(
          packet, {0x00, 0x09, std::get<redir::Configuration>(packet.body).configuration, 0, 0});
    case PacketType::get_configuration:
      return on_setting(packet, {0x80, 0x08, 0, 0, 1});
    case PacketType::set_alt_setting: {
      const auto& body = std::get<redir::AltSetting>(packet.body);
      return on_setting(packet, {0x01, 0x0b, body.alt, body.interface_number, 0});
    }
    case PacketType::get_alt_setting:
      return on_setting(
          packet, {0x81, 0x0a, 0, std::get<redir::InterfaceOnly>(packet.body).interface_number, 1});
    case PacketType::cancel_data_packet:
      return on_cancel(packet.id);
    case PacketType::control_packet:
      return on_control(packet);
    case PacketType::bulk_packet:
      return on_bulk(packet);
    case PacketType::alloc_bulk_streams:
    case PacketType::free_bulk_streams:
      return on_bulk_streams(packet);
    case PacketType::interrupt_packet:
      return on_interrupt_out(packet);
    case PacketType::start_interrupt_receiving:
      return start_polling(endpoint(), packet.id);
    case PacketType::stop_interrupt_receiving:
      return stop_polling(endpoint(), packet.id);
    case PacketType::start_iso_stream:  // not carried: QEMU's guest sees an error
      return send(PacketType::iso_stream_status, packet.id,
                  redir::StreamStatus{redir::status::stall,
                                      std::get<redir::StartIsoStream>(packet.body).endpoint});
    case PacketType::stop_iso_stream:
      return send(PacketType::iso_stream_status, packet.id,
                  redir::StreamStatus{redir::status::success, endpoint()});
    case PacketType::iso_packet:
      return;  // of a stream that did not start
    default:
      return broken(std::string("unexpected packet ") + redir::name_of(packet.type));
  }
}

void Link::on_control(const redir::Packet& packet) {
  const auto& body = std::get<redir::ControlPacket>(packet.body);
  if (body.endpoint != (body.request_type & in_bit)) {
    return broken("a control request to another endpoint, or against its own direction");
  }
  request({.id = packet.id,
           .type = packet.type,
           .endpoint = 0,
           .setup = {body.request_type, body.request, body.value, body.index, body.length},
           .length = body.length},
          packet.data);
}

// usbredir has packets of their own for these.
void Link::on_setting(const redir::Packet& packet, const Setup& setup) {
  request(
      {.id = packet.id, .type = packet.type, .endpoint = 0, .setup = setup, .length = setup.length},
      {});
}

void Link::on_bulk(const redir::Packet& packet) {
  const auto& body = std::get<redir::BulkPacket>(packet.body);
  if (!is_data_endpoint(body.endpoint)) return broken("a bulk packet of no endpoint");
  request({.id = packet.id,
           .type = packet.type,
           .endpoint = body.endpoint,
           .setup = {},
           .length = body.length,
           .stream = body.stream_id},
          packet.data);
}

// It does not wait for the answer: what follows is already of these streams.
void Link::on_bulk_streams(const redir::Packet& packet) {
  StreamRequest asked{.id = packet.id};
  if (const auto* wanted = std::get_if<redir::AllocBulkStreams>(&packet.body)) {
    if (wanted->streams == 0) return broken("a request for no bulk streams");
    asked.endpoints = wanted->endpoints;
    asked.streams = wanted->streams;
  } else {
    asked.endpoints = std::get<redir::FreeBulkStreams>(packet.body).endpoints;
  }
  if (stream_requests_.size() >= max_stream_requests) {
    return broken("more open requests for bulk streams than any guest needs");
  }
  const Number number = next_number();
  stream_requests_.emplace(number, asked);
  session_.set_bulk_streams(number, asked.endpoints, asked.streams, now_);
}

void Link::on_interrupt_out(const redir::Packet& packet) {
  const auto& body = std::get<redir::DataPacket>(packet.body);  // OUT, the decoder says
  if (!is_data_endpoint(body.endpoint)) return broken("an interrupt packet of no endpoint");
  request({.id = packet.id,
           .type = packet.type,
           .endpoint = body.endpoint,
           .setup = {},
           .length = body.length},
          packet.data);
}

void Link::request(const Request& untrusted, Bytes data) {
  Request asked = untrusted;
  asked.sent = static_cast<std::uint32_t>(data.size());
  if (requests_.size() >= max_requests) return broken("more open requests than any guest needs");
  const Number number = next_number();
  const bool full = requests_.bytes_sent() + data.size() > max_out_bytes;
  if (!requests_.add(number, asked)) return broken("the id of a request that is still open");
  if (full) return answer(number, redir::status::ioerror, 0, {});
  const std::uint8_t type = session_.device().endpoint(asked.endpoint).type;
  const bool fits = asked.endpoint == 0 || (asked.type == PacketType::bulk_packet
                                                ? type == redir::endpoint_type::bulk
                                                : type == redir::endpoint_type::interrupt);
  if (!fits || asked.length > usbip::max_transfer) {
    return answer(number, redir::status::inval, 0, {});
  }
  submit(number, asked, data);
}

void Link::submit(Number number, const Request& asked, Bytes data) {
  usbip::Submit submit;
  submit.seqnum = number;
  const std::uint8_t address = asked.endpoint == 0 ? asked.setup.request_type : asked.endpoint;
  submit.direction = (address & in_bit) != 0 ? usbip::Direction::in : usbip::Direction::out;
  submit.endpoint = asked.endpoint & 0x0fU;
  submit.length = asked.length;
  submit.setup = asked.setup;
  submit.stream = asked.stream;
  feed(submit, data);
}

void Link::feed(const usbip::Submit& submit, Bytes data) {
  session_.from_target(
      {.kind = usbip::CommandKind::submit, .submit = submit, .data = data, .seqnum = submit.seqnum},
      now_);
}

void Link::unlink(Number victim) {
  const Number number = next_number();
  unlinks_.emplace(number, victim);
  session_.from_target({.kind = usbip::CommandKind::unlink, .seqnum = number, .victim = victim},
                       now_);
}

// QEMU has let go of it: it is told at once, and whatever the session says of it later is dropped.
void Link::on_cancel(std::uint64_t id) {
  const auto dropped = requests_.drop(id);
  if (!dropped) return;  // answered already: the two crossed
  send_answer(dropped->request, redir::status::cancelled, 0, {});
  if (!dropped->was_answered) unlink(dropped->number);
  send_ready(dropped->request.endpoint);
}

}  // namespace usbproxy::guest
