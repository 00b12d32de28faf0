// SPDX-License-Identifier: GPL-2.0-or-later
// Link: what the session asks for, as USB/IP requests. Called from within the session.
#include <algorithm>

#include "usbproxy/exported/link.hpp"

namespace usbproxy::exported {
namespace {

using base::wire::Bytes;
using redir::PacketType;
using usbip::Direction;

constexpr std::uint8_t in_bit = 0x80;
// SET_FEATURE(PORT_RESET), as if to a hub: what usbip-host takes for a reset of the device.
constexpr Setup port_reset{.request_type = 0x23, .request = 0x03, .value = 4};

// What a driver writes into its request (linux/include/linux/usb.h, usb_fill_int_urb).
std::uint32_t interval_of(const Endpoint& endpoint, Speed speed) {
  const bool frames = speed == Speed::low || speed == Speed::full;
  if (frames && endpoint.type == redir::endpoint_type::interrupt) {
    return std::max<std::uint32_t>(endpoint.interval, 1);
  }
  return 1U << (std::clamp<unsigned>(endpoint.interval, 1, 16) - 1U);
}

}  // namespace

void Link::handle(const redir::Packet& packet) {
  if (session_.end()) return;  // the stream is closed instead
  switch (packet.type) {
    case PacketType::control_packet:
      return on_control(packet);
    case PacketType::bulk_packet: {
      const auto& body = std::get<redir::BulkPacket>(packet.body);
      return on_data(packet, Kind::bulk, body.endpoint, body.length);
    }
    case PacketType::interrupt_packet: {
      const auto& body = std::get<redir::DataPacket>(packet.body);
      return on_data(packet, Kind::interrupt_out, body.endpoint, body.length);
    }
    case PacketType::iso_packet:
      return on_iso_out(packet);
    case PacketType::set_configuration:
      return set_configuration(packet.id,
                               std::get<redir::Configuration>(packet.body).configuration);
    case PacketType::get_configuration:
      return submit_setup(Kind::get_configuration, packet.id, {0x80, 0x08, 0, 0, 1});
    case PacketType::set_alt_setting:
      return set_alt(packet.id, std::get<redir::AltSetting>(packet.body));
    case PacketType::get_alt_setting:
      return submit_setup(
          Kind::get_alt, packet.id,
          {0x81, 0x0a, 0, std::get<redir::InterfaceOnly>(packet.body).interface_number, 1});
    case PacketType::reset:
      return submit_setup(Kind::reset, packet.id, port_reset);
    case PacketType::cancel_data_packet:
      return on_cancel(packet.id);
    case PacketType::start_interrupt_receiving:
      return start_polling(std::get<redir::EndpointOnly>(packet.body).endpoint, packet.id);
    case PacketType::stop_interrupt_receiving:
      return stop_polling(std::get<redir::EndpointOnly>(packet.body).endpoint, packet.id);
    case PacketType::start_iso_stream:
      return start_iso(std::get<redir::StartIsoStream>(packet.body), packet.id);
    case PacketType::stop_iso_stream:
      return stop_iso(std::get<redir::EndpointOnly>(packet.body).endpoint, packet.id);
    default:  // its hello, and nothing that was not agreed
      return;
  }
}

void Link::on_control(const redir::Packet& packet) {
  const auto& body = std::get<redir::ControlPacket>(packet.body);
  submit_setup(Kind::control, packet.id,
               {body.request_type, body.request, body.value, body.index, body.length}, packet.data);
}

// An endpoint that is not there would cost the connection.
void Link::on_data(const redir::Packet& packet, Kind kind, std::uint8_t endpoint,
                   std::uint32_t length) {
  const std::uint8_t type =
      kind == Kind::bulk ? redir::endpoint_type::bulk : redir::endpoint_type::interrupt;
  if (endpoints_[redir::slot_of(endpoint)].type == type) {
    return send(kind, packet.id, submit_for(endpoint, length), packet.data);
  }
  if (kind == Kind::bulk) {
    return tell_later(
        packet.type, packet.id,
        redir::BulkPacket{
            .endpoint = endpoint, .status = redir::status::inval, .length = 0, .stream_id = 0});
  }
  tell_later(packet.type, packet.id,
             redir::DataPacket{.endpoint = endpoint, .status = redir::status::inval, .length = 0});
}

void Link::on_cancel(std::uint64_t id) {
  const Pending* const asked = pending_.find_id(id);
  if (asked == nullptr || asked->unlinked) return;  // answered already: the two crossed
  unlink(asked->submit.seqnum);
}

void Link::set_configuration(std::uint64_t id, std::uint8_t value) {
  if (value != 0 && introduction_.device().configuration(value) == nullptr) {
    return tell_later(PacketType::configuration_status, id,
                      redir::ConfigurationStatus{redir::status::inval, value});
  }
  submit_setup(Kind::set_configuration, id, {0x00, 0x09, value, 0, 0});
}

void Link::set_alt(std::uint64_t id, const redir::AltSetting& wanted) {
  firewall::Setting after = setting_;
  const bool there = wanted.interface_number < after.alternates.size();
  if (there) after.alternates[wanted.interface_number] = wanted.alt;
  if (!there || introduction_.device().alternate(after, wanted.interface_number) == nullptr) {
    return tell_later(
        PacketType::alt_setting_status, id,
        redir::AltSettingStatus{redir::status::inval, wanted.interface_number, wanted.alt});
  }
  submit_setup(Kind::set_alt, id, {0x01, 0x0b, wanted.alt, wanted.interface_number, 0});
}

// Without data its direction is OUT, whatever the request says (linux/drivers/usb/core/urb.c).
void Link::submit_setup(Kind kind, std::uint64_t id, const Setup& setup, Bytes data) {
  const bool in = (setup.request_type & in_bit) != 0 && setup.length != 0;
  usbip::Submit submit = submit_for(in ? in_bit : 0, setup.length);
  submit.setup = setup;
  send(kind, id, submit, data);
}

usbip::Submit Link::submit_for(std::uint8_t address, std::uint32_t length) {
  usbip::Submit submit;
  submit.seqnum = pending_.next_number();
  submit.devid = line_.devid;
  submit.direction = (address & in_bit) != 0 ? Direction::in : Direction::out;
  submit.endpoint = address & 0x0fU;
  submit.length = length;
  const Endpoint& endpoint = endpoints_[redir::slot_of(address)];
  if (endpoint.type == redir::endpoint_type::interrupt ||
      endpoint.type == redir::endpoint_type::isochronous) {
    submit.interval = interval_of(endpoint, line_.speed);
  } else if (length > longest_in_one_piece) {
    submit.flags = usbip::flag::scatter_gather;
  }
  return submit;
}

void Link::send(Kind kind, std::uint64_t id, const usbip::Submit& submit, Bytes data, Bytes iso) {
  if (pending_.size() >= max_requests) {
    failure_ =
        End{.reason = EndReason::silent, .text = "sys-usb leaves thousands of requests unanswered"};
    return;
  }
  pending_.add({.submit = submit, .kind = kind, .id = id});
  usbip::append_cmd_submit(to_device_.tail(), submit);
  to_device_.add_payload(data);
  to_device_.add_payload(iso);
}

void Link::unlink(Number victim) {
  const Number number = pending_.next_number();
  pending_.add_unlink(number, victim);
  usbip::append_cmd_unlink(to_device_.tail(), number, victim, line_.devid);
}

}  // namespace usbproxy::exported
