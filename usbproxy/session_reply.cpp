// SPDX-License-Identifier: GPL-2.0-or-later
// Session: what the backend sends. Everything is untrusted; what does not answer an open request as
// it was asked ends the session.
#include <algorithm>
#include <array>
#include <cerrno>

#include "usbproxy/session.hpp"

namespace usbproxy {
namespace {

using redir::PacketType;
using usbip::Direction;

enum class Control { yes, no };

// usbredir's status as the errno that a driver expects.
std::int32_t errno_of(std::uint8_t untrusted_status, Control control) {
  switch (untrusted_status) {
    case redir::status::success:
      return 0;
    case redir::status::cancelled:  // nobody asked for it
      return -EPROTO;
    case redir::status::inval:
      return control == Control::yes ? -EPIPE : -EINVAL;
    case redir::status::ioerror:
      return -EPROTO;
    case redir::status::stall:
      return -EPIPE;
    case redir::status::timeout:
      return -ETIMEDOUT;
    case redir::status::babble:
      return -EOVERFLOW;
    default:
      return -EIO;
  }
}

}  // namespace

std::int32_t Session::data_errno(std::uint8_t untrusted_status) {
  return errno_of(untrusted_status, Control::no);
}

void Session::handle(const redir::Packet& packet) {
  switch (packet.type) {
    case PacketType::hello:
      return on_hello();
    case PacketType::interface_info:
    case PacketType::ep_info:
      return on_tables(packet);
    case PacketType::filter_filter:  // the other side's wish list; ours is dom0's policy
      return;
    case PacketType::device_connect:
      return on_connect(std::get<redir::DeviceConnect>(packet.body));
    case PacketType::device_disconnect:
      if ((caps_ & redir::cap::device_disconnect_ack) != 0) {
        redir::append_packet(to_stream_.tail(), caps_, PacketType::device_disconnect_ack, 0,
                             redir::Empty{});
      }
      return finish(EndReason::unplugged, "device unplugged in sys-usb");
    default:
      break;
  }
  if (phase_ != Phase::connected && phase_ != Phase::pinning) {
    return violation("answer before the device was introduced");
  }
  switch (packet.type) {
    case PacketType::configuration_status:
      return on_configuration(packet);
    case PacketType::alt_setting_status:
      return on_alt(packet);
    case PacketType::control_packet:
      return on_control(packet);
    case PacketType::bulk_packet:
      return on_bulk(packet);
    case PacketType::bulk_streams_status:
      return on_bulk_streams(packet);
    case PacketType::interrupt_packet:
      if ((std::get<redir::DataPacket>(packet.body).endpoint & 0x80U) == 0) {
        return on_interrupt_out(packet);
      }
      return on_interrupt_packet(packet);
    case PacketType::interrupt_receiving_status:
      return on_interrupt_status(packet);
    case PacketType::iso_packet:
      return on_iso_packet(packet);
    case PacketType::iso_stream_status:
      return on_iso_status(packet);
    default:
      return violation(std::string("unexpected packet ") + redir::name_of(packet.type));
  }
}

void Session::on_hello() {
  caps_ = stream_.caps().value_or(0);
  constexpr std::uint32_t needed = redir::cap::connect_device_version |
                                   redir::cap::ep_info_max_packet_size | redir::cap::ids_64bit |
                                   redir::cap::bulk_length_32bit;
  if ((caps_ & needed) != needed) {
    return finish(EndReason::refused,
                  "the backend's usbredir is too old (64-bit ids, packet sizes and long bulk "
                  "packets are needed); update sallyport in sys-usb");
  }
  phase_ = Phase::tables;
}

// Before the device is introduced, and once per change of configuration or alternate setting.
void Session::on_tables(const redir::Packet& packet) {
  if (phase_ != Phase::tables && changes_.empty()) {
    return violation("interface or endpoint table that nobody asked for");
  }
  const auto* interfaces = std::get_if<redir::InterfaceInfo>(&packet.body);
  const auto* endpoints = std::get_if<redir::EpInfo>(&packet.body);
  const auto taken = interfaces != nullptr ? device_.set_interfaces(*interfaces)
                                           : device_.set_endpoints(*endpoints);
  if (!taken) return finish(EndReason::refused, taken.error().text);
  tables_seen_ |= interfaces != nullptr ? interface_table : endpoint_table;
  if (tables_seen_ == (interface_table | endpoint_table)) check_tables();
  if (end_ || !device_.complete()) return;
  bot_forget();  // nothing of the old endpoints may be under way with the new ones
  bot_.endpoints = find_bot_endpoints(device_);
}

void Session::on_connect(const redir::DeviceConnect& untrusted) {
  if (phase_ != Phase::tables) return violation("second device on one stream");
  if (!device_.complete()) return violation("device introduced without its interface tables");
  if (const auto known = device_.connect(untrusted); !known) {
    return finish(EndReason::refused, known.error().text);
  }
  begin_pinning();
}

// The open request that `id` answers, if its kind is one of the two.
Session::Urbs::iterator Session::find_reply(std::uint64_t id, UrbKind kind, UrbKind other) {
  const auto found = urbs_.find(static_cast<std::uint32_t>(id & 0xffffffffU));
  if (found == urbs_.end()) return urbs_.end();
  const Urb& urb = found->second;
  const bool zero_packet = id == (urb.id | zero_packet_id);
  if (id != urb.id && !zero_packet) return urbs_.end();
  if ((urb.awaited & (zero_packet ? zero_packet_reply : main_reply)) == 0) return urbs_.end();
  return urb.kind == kind || urb.kind == other ? found : urbs_.end();
}

// A reply to a request that may have been cancelled.
void Session::finish_reply(Urbs::iterator urb, std::uint8_t status,
                           const usbip::Completion& completion) {
  if (urb->second.state == UrbState::cancelling && status == redir::status::cancelled) {
    return give_back_unlinked(urb);
  }
  complete(urb, completion);
}

bool Session::answers(const redir::ControlPacket& untrusted, const usbip::Setup& asked) {
  return untrusted.request_type == asked.request_type && untrusted.request == asked.request &&
         untrusted.endpoint == (asked.request_type & 0x80U) && untrusted.value == asked.value &&
         untrusted.index == asked.index;
}

void Session::on_control(const redir::Packet& packet) {
  const auto& body = std::get<redir::ControlPacket>(packet.body);
  if (answers_question(packet) && reader_) return on_descriptor(packet);
  if (bot_.recovery_id != 0 && packet.id == bot_.recovery_id) return bot_recovered(body);
  const auto urb = find_reply(packet.id, UrbKind::control, UrbKind::control);
  if (urb == urbs_.end()) {
    if (take_orphan(packet.id)) return;
    return violation("control reply that answers no request");
  }
  const usbip::Submit& asked = urb->second.submit;
  const usbip::Setup& setup = asked.setup;
  if (!answers(body, setup)) return violation("control reply to another request");
  if (body.length > setup.length || body.length > asked.length) {
    return violation("control reply longer than asked");
  }
  std::int32_t status = errno_of(body.status, Control::yes);
  const bool is_in = asked.direction == Direction::in;
  if (is_in && status == 0 && packet.data.size() < asked.length &&
      (asked.flags & usbip::flag::short_not_ok) != 0) {
    status = -EREMOTEIO;
  }
  const bool input_report =  // HID 1.11, 7.2.1
      setup.request_type == 0xa1 && setup.request == 0x01 && (setup.value >> 8U) == 1;
  if (input_report && status == 0 &&
      !may_be_typed(static_cast<std::uint8_t>(setup.index & 0xffU), packet.data)) {
    return;
  }
  // A stream that was stopped for a CLEAR_FEATURE(HALT) goes on.
  const bool cleared = setup.request_type == 0x02 && setup.request == 0x01;
  const auto endpoint = static_cast<std::uint8_t>(setup.index & 0x0fU);
  finish_reply(urb, body.status,
               {.status = status, .out_length = body.length, .in_data = packet.data});
  if (cleared && endpoint != 0) restart_if_wanted(endpoint);
}

void Session::on_bulk(const redir::Packet& packet) {
  const auto& body = std::get<redir::BulkPacket>(packet.body);
  if ((packet.id & ahead_id) != 0 && bot_reply(packet)) return;
  const auto urb = find_reply(packet.id, UrbKind::bulk, UrbKind::bulk);
  if (urb == urbs_.end()) {
    if (take_orphan(packet.id)) return;
    return violation("bulk reply that answers no request");
  }
  const usbip::Submit& asked = urb->second.submit;
  if (body.endpoint != asked.address()) return violation("bulk reply for another endpoint");
  if (body.stream_id != asked.stream) return violation("bulk reply for another stream");
  if (body.length > asked.length) return violation("bulk reply longer than asked");
  if (asked.direction == Direction::out) {
    return on_out_reply(urb, packet.id != urb->second.id, body.status, body.length);
  }
  std::int32_t status = errno_of(body.status, Control::no);
  if (status == 0 && body.length < asked.length && (asked.flags & usbip::flag::short_not_ok) != 0) {
    status = -EREMOTEIO;
  }
  finish_reply(urb, body.status, {.status = status, .out_length = 0, .in_data = packet.data});
}

// An OUT request is done when its data and, if it had one, its empty packet are; the first error
// of the two counts.
void Session::on_out_reply(Urbs::iterator entry, bool zero_packet, std::uint8_t status,
                           std::uint32_t length) {
  Urb& urb = entry->second;
  const bool unlinked = urb.state == UrbState::cancelling && status == redir::status::cancelled;
  const std::int32_t code = unlinked ? -ECONNRESET : errno_of(status, Control::no);
  if (urb.status == 0) urb.status = code;
  if (!zero_packet) urb.out_length = length;
  urb.awaited &= ~(zero_packet ? zero_packet_reply : main_reply);
  if (urb.awaited != 0) return;
  if (urb.status == -ECONNRESET) return give_back_unlinked(entry);
  bot_written(urb.submit.seqnum, urb.status);
  complete(entry, {.status = urb.status, .out_length = urb.out_length, .in_data = {}});
}

void Session::on_interrupt_out(const redir::Packet& packet) {
  const auto& body = std::get<redir::DataPacket>(packet.body);
  const auto urb = find_reply(packet.id, UrbKind::interrupt_out, UrbKind::interrupt_out);
  if (urb == urbs_.end()) {
    if (take_orphan(packet.id)) return;
    return violation("interrupt reply that answers no request");
  }
  if (body.endpoint != urb->second.submit.address()) {
    return violation("interrupt reply for another endpoint");
  }
  if (body.length > urb->second.submit.length) return violation("interrupt reply longer than sent");
  on_out_reply(urb, false, body.status, body.length);
}

void Session::on_configuration(const redir::Packet& packet) {
  const auto& body = std::get<redir::ConfigurationStatus>(packet.body);
  if (answers_question(packet) && !reader_) return on_configuration_in_use(body);
  const auto urb = find_reply(packet.id, UrbKind::set_configuration, UrbKind::get_configuration);
  const bool success = body.status == redir::status::success;
  end_change(packet.id, success ? ChangeEnd::done : ChangeEnd::refused);
  if (end_) return;
  if (urb == urbs_.end()) {
    if (!take_orphan(packet.id)) violation("configuration status that answers no request");
    return;
  }
  const bool set = urb->second.kind == UrbKind::set_configuration;
  const std::array value{std::byte{body.configuration}};
  if (success && set && body.configuration != (urb->second.submit.setup.value & 0xffU)) {
    return violation("another configuration than asked for");
  }
  if (success && (body.configuration != active_.configuration || tables_seen_ != 0)) {
    return violation("a configuration that the tables are not of");
  }
  complete(urb, {.status = success ? 0 : -EPIPE,
                 .out_length = 0,
                 .in_data = success ? base::wire::Bytes(value) : base::wire::Bytes()});
}

void Session::on_alt(const redir::Packet& packet) {
  const auto& body = std::get<redir::AltSettingStatus>(packet.body);
  const auto urb = find_reply(packet.id, UrbKind::set_alt, UrbKind::get_alt);
  const bool success = body.status == redir::status::success;
  end_change(packet.id, success ? ChangeEnd::done : ChangeEnd::refused);
  if (end_) return;
  if (urb == urbs_.end()) {
    if (!take_orphan(packet.id)) violation("alternate setting that answers no request");
    return;
  }
  const bool set = urb->second.kind == UrbKind::set_alt;
  const usbip::Setup& setup = urb->second.submit.setup;
  const std::array value{std::byte{body.alt}};
  if (body.interface_number != (setup.index & 0xffU)) {
    return violation("alternate setting of another interface");
  }
  if (success && set && body.alt != (setup.value & 0xffU)) {
    return violation("another alternate setting than asked for");
  }
  // The request named an interface that exists.
  if (success && (body.alt != active_.alternates[body.interface_number] || tables_seen_ != 0)) {
    return violation("an alternate setting that the tables are not of");
  }
  complete(urb, {.status = success ? 0 : -EPIPE,
                 .out_length = 0,
                 .in_data = success ? base::wire::Bytes(value) : base::wire::Bytes()});
}

}  // namespace usbproxy
