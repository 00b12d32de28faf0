// SPDX-License-Identifier: GPL-2.0-or-later
// Session: control transfers, and those that usbredir has packets of its own for.
#include <algorithm>
#include <cerrno>

#include "usbproxy/session.hpp"

namespace usbproxy {
namespace {

using redir::PacketType;
using usbip::Direction;
using usbip::Setup;

// bmRequestType and bRequest of USB 2.0, tables 9-2 to 9-4, and USB 3.2, 9.4, in one number.
constexpr std::uint32_t request_code(const Setup& setup) {
  return static_cast<std::uint32_t>(setup.request_type << 8U | setup.request);
}
enum : std::uint32_t {
  set_address = 0x0005,
  set_descriptor = 0x0007,
  set_configuration = 0x0009,
  get_configuration = 0x8008,
  get_descriptor = 0x8006,
  set_interface = 0x010b,
  get_interface = 0x810a,
  clear_endpoint_feature = 0x0201,
  set_device_feature = 0x0003,
  set_endpoint_feature = 0x0203,
  set_sel = 0x0030,
  set_isoch_delay = 0x0031,
  bulk_only_reset = 0x21ff,  // Bulk-Only Transport 1.0, 3.1
};
constexpr std::uint16_t endpoint_halt = 0;
constexpr std::uint16_t test_mode = 2;
constexpr std::uint16_t device_descriptor = 0x0100;

bool is_in(const Setup& setup) { return (setup.request_type & 0x80U) != 0; }

// Class requests to "other" are a hub's, and a hub never comes here (USB 2.0, 11.24.2).
bool is_hub_request(const Setup& setup) { return (setup.request_type & 0x7fU) == 0x23; }

}  // namespace

void Session::submit_control(const usbip::Command& command) {
  const usbip::Submit& submit = command.submit;
  const Setup& setup = submit.setup;
  const auto refuse = [this, &submit](std::int32_t status) {
    ++counters_.refused_urbs;
    answer(submit, status);
  };
  // With a length, pipe and setup must agree on the direction; without, either pipe is used.
  if (submit.length > 0 && is_in(setup) != (submit.direction == Direction::in)) {
    return refuse(-EINVAL);
  }
  if (!is_in(setup) && setup.length != submit.length) return refuse(-EINVAL);
  if (setup.length > max_control_length) return refuse(-EPIPE);
  if (answer_locally(submit)) return;
  infer_reset(setup);
  if (end_ || configure(submit)) return;
  if (request_code(setup) == clear_endpoint_feature && setup.value == endpoint_halt) {
    // The host's own recovery of a running stream would race with it: restarted when done.
    const auto endpoint = static_cast<std::uint8_t>(setup.index & 0x0fU);
    if ((setup.index & 0x80U) != 0) stop_stream(endpoint);
    bot_.write_left = 0;
    // The backend's kernel clears a halt only on an idle endpoint.
    if (bot_.endpoints && (setup.index & 0xffU) == bot_.endpoints->in) bot_abandon();
  }
  if (request_code(setup) == bulk_only_reset) bot_forget();
  if (end_) return;
  send_or_park(admit(submit, UrbKind::control), command.data);
}

// Requests that never leave this side. True when answered.
bool Session::answer_locally(const usbip::Submit& submit) {
  const Setup& setup = submit.setup;
  switch (request_code(setup)) {
    case set_address:      // vhci does it itself
    case set_sel:          // timing of a link
    case set_isoch_delay:  // that does not exist
      answer(submit, 0);
      return true;
    case set_device_feature:
    case set_endpoint_feature:
      if (setup.value != test_mode) break;
      answer(submit, -EPIPE);
      return true;
    case set_descriptor:
      answer(submit, -EPIPE);
      return true;
    default:
      break;
  }
  if (!is_hub_request(setup)) return false;
  answer(submit, -EPIPE);
  return true;
}

// Sent raw, these would leave the backend's kernel with a wrong idea of the device. True when the
// request was one of them.
bool Session::configure(const usbip::Submit& submit) {
  const Setup& setup = submit.setup;
  const auto value = static_cast<std::uint8_t>(setup.value & 0xffU);
  const auto index = static_cast<std::uint8_t>(setup.index & 0xffU);
  const auto send_packet = [this, &submit](UrbKind kind, PacketType type, const redir::Body& body) {
    if (end_) return;
    Urb& urb = admit(submit, kind);
    urb.awaited = main_reply;
    urb.deadline = now_ + control_deadline;
    redir::append_packet(to_stream_.tail(), caps_, type, urb.id, body);
  };
  switch (request_code(setup)) {
    case set_configuration:
      stop_streams_of(std::nullopt);
      bot_forget();
      configured_ = true;
      ++table_changes_;
      send_packet(UrbKind::set_configuration, PacketType::set_configuration,
                  redir::Configuration{value});
      return true;
    case get_configuration:
      send_packet(UrbKind::get_configuration, PacketType::get_configuration, redir::Empty{});
      return true;
    case set_interface:
      stop_streams_of(index);
      bot_forget();
      ++table_changes_;
      send_packet(UrbKind::set_alt, PacketType::set_alt_setting, redir::AltSetting{index, value});
      return true;
    case get_interface:
      send_packet(UrbKind::get_alt, PacketType::get_alt_setting, redir::InterfaceOnly{index});
      return true;
    default:
      return false;
  }
}

// A reset of the virtual port is not told to us. Its trace: after it the kernel reads the device
// descriptor anew, with these lengths.
void Session::infer_reset(const Setup& setup) {
  if (!configured_ || request_code(setup) != get_descriptor || setup.value != device_descriptor) {
    return;
  }
  const std::uint16_t length = device_.speed() == Speed::super ? 8 : 64;
  if (setup.length == length) reset_device();
}

void Session::reset_device() {
  configured_ = false;
  while (!resets_.empty() && resets_.front() + reset_window <= now_) resets_.pop_front();
  if (resets_.size() >= max_resets) return;  // a storm: the device need not take part in it
  resets_.push_back(now_);
  ++counters_.resets;
  stop_streams_of(std::nullopt);
  // Nothing from before the reset may answer anything after it.
  flushing_ = true;
  bot_forget();
  while (!urbs_.empty()) {
    const auto entry = urbs_.begin();
    Urb& urb = entry->second;
    if (urb.state == UrbState::sent && urb.awaited != 0) cancel(urb);
    if ((urb.awaited & main_reply) != 0) orphan(urb.id);
    if ((urb.awaited & zero_packet_reply) != 0) orphan(urb.id | zero_packet_id);
    if (end_) return;  // one orphan too many: all is answered
    if (urb.state == UrbState::cancelling) {
      give_back_unlinked(entry);
    } else {
      complete(entry, {.status = -EPROTO, .out_length = 0, .in_data = {}});
    }
  }
  flushing_ = false;
  epoch_ = (epoch_ + 1) & max_epoch;
  redir::append_packet(to_stream_.tail(), caps_, PacketType::reset, 0, redir::Empty{});
}

void Session::send_control(Urb& urb, base::wire::Bytes data) {
  const Setup& setup = urb.submit.setup;
  ++control_in_flight_;
  urb.deadline = now_ + control_deadline;
  const auto length = std::min<std::uint32_t>(setup.length, urb.submit.length);
  const redir::ControlPacket body{.endpoint = static_cast<std::uint8_t>(setup.request_type & 0x80U),
                                  .request = setup.request,
                                  .request_type = setup.request_type,
                                  .status = 0,
                                  .value = setup.value,
                                  .index = setup.index,
                                  .length = static_cast<std::uint16_t>(length)};
  redir::append_packet(to_stream_.tail(), caps_, PacketType::control_packet, urb.id, body, data);
}

}  // namespace usbproxy
