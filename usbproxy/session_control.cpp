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
  set_configuration = 0x0009,
  get_configuration = 0x8008,
  get_descriptor = 0x8006,
  get_interface_descriptor = 0x8106,
  set_interface = 0x010b,
  get_interface = 0x810a,
  clear_endpoint_feature = 0x0201,
  bulk_only_reset = 0x21ff,   // Bulk-Only Transport 1.0, 3.1
  hid_set_protocol = 0x210b,  // HID 1.11, 7.2.6
};
constexpr std::uint16_t endpoint_halt = 0;
constexpr std::uint16_t device_descriptor = 0x0100;

bool is_in(const Setup& setup) { return (setup.request_type & 0x80U) != 0; }

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
  switch (request_code(setup)) {
    case get_descriptor:
      infer_reset(setup);
      if (!end_) answer_descriptor(submit);
      return;
    case get_interface_descriptor:
      return answer_descriptor(submit);
    case set_address:  // vhci does it itself
      return answer(submit, 0);
    default:
      break;
  }
  if (setup.length > max_control_length) return refuse(-EPIPE);
  if (configure(submit)) return;
  switch (firewall::judge(rules_, setup, pinned_->device(), active_)) {
    case firewall::ControlVerdict::forward:
      break;
    case firewall::ControlVerdict::acknowledge:
      return answer(submit, 0);
    case firewall::ControlVerdict::refuse:
      return refuse(-EPIPE);
  }
  if (request_code(setup) == clear_endpoint_feature && setup.value == endpoint_halt) {
    // The host's own recovery of a running stream would race with it: restarted when done.
    const auto endpoint = static_cast<std::uint8_t>(setup.index & 0x0fU);
    if ((setup.index & 0x80U) != 0) stop_stream(endpoint);
    bot_.write_left = 0;
    // The backend's kernel clears a halt only on an idle endpoint.
    if (bot_.endpoints && (setup.index & 0xffU) == bot_.endpoints->in) bot_abandon();
  }
  if (request_code(setup) == bulk_only_reset) bot_forget();
  if (request_code(setup) == hid_set_protocol && typing_) {
    typing_->set_protocol(
        static_cast<std::uint8_t>(setup.index & 0xffU),
        setup.value == 0 ? TypingWatch::Protocol::boot : TypingWatch::Protocol::report);
  }
  if (end_) return;
  send_or_park(admit(submit, UrbKind::control), command.data);
}

// Sent raw, these would leave the backend's kernel with a wrong idea of the device. True when the
// request was one of them.
bool Session::configure(const usbip::Submit& submit) {
  const auto kind = [&submit]() -> std::optional<UrbKind> {
    switch (request_code(submit.setup)) {
      case set_configuration:
        return UrbKind::set_configuration;
      case get_configuration:
        return UrbKind::get_configuration;
      case set_interface:
        return UrbKind::set_alt;
      case get_interface:
        return UrbKind::get_alt;
      default:
        return std::nullopt;
    }
  }();
  if (!kind) return false;
  if (setting_exists(submit.setup)) {
    send_or_park(admit(submit, *kind), {});
  } else {
    ++counters_.refused_urbs;
    answer(submit, -EPIPE);
  }
  return true;
}

// Whether the pinned descriptors have what the request names.
bool Session::setting_exists(const Setup& setup) const {
  const firewall::Device& device = pinned_->device();
  const std::uint32_t code = request_code(setup);
  if (code == get_configuration) return true;
  if (code == set_configuration) {
    return setup.value == 0 ||
           (setup.value <= 0xff &&
            device.configuration(static_cast<std::uint8_t>(setup.value)) != nullptr);
  }
  if (setup.index >= firewall::max_device_interfaces) return false;
  firewall::Setting wanted = active_;
  const auto number = static_cast<std::uint8_t>(setup.index);
  if (code == set_interface) {
    if (setup.value > 0xff) return false;
    wanted.alternates[number] = static_cast<std::uint8_t>(setup.value);
  }
  return device.alternate(wanted, number) != nullptr;
}

void Session::send_configuration(Urb& urb) {
  const auto value = static_cast<std::uint8_t>(urb.submit.setup.value & 0xffU);
  const auto index = static_cast<std::uint8_t>(urb.submit.setup.index & 0xffU);
  const std::uint64_t id = urb.id;
  urb.deadline = now_ + control_deadline;
  const auto send_packet = [this, id](PacketType type, const redir::Body& body) {
    redir::append_packet(to_stream_.tail(), caps_, type, id, body);
  };
  switch (urb.kind) {
    case UrbKind::set_configuration:
      stop_streams_of(std::nullopt);
      // Where this is in use already, the library does nothing, and the backend's kernel keeps
      // them.
      free_streams(~std::uint32_t{0});
      bot_forget();
      if (end_) return;
      configured_ = true;
      changes_.push_back({.id = id, .interface_number = std::nullopt, .value = value});
      return send_packet(PacketType::set_configuration, redir::Configuration{value});
    case UrbKind::get_configuration:
      return send_packet(PacketType::get_configuration, redir::Empty{});
    case UrbKind::set_alt:
      stop_streams_of(index);
      forget_streams_of(index);
      bot_forget();
      if (end_) return;
      changes_.push_back({.id = id, .interface_number = index, .value = value});
      return send_packet(PacketType::set_alt_setting, redir::AltSetting{index, value});
    case UrbKind::get_alt:
      return send_packet(PacketType::get_alt_setting, redir::InterfaceOnly{index});
    case UrbKind::control:
    case UrbKind::bulk:
    case UrbKind::interrupt_out:
    case UrbKind::interrupt_in:
    case UrbKind::isochronous:
    case UrbKind::bulk_streams:
      break;
  }
}

// A reset of the virtual port is not told to us. Its trace: after it the kernel reads the device
// descriptor anew, with these lengths.
void Session::infer_reset(const Setup& setup) {
  if (!configured_ || setup.value != device_descriptor) return;
  const std::uint16_t length = device_.speed() == Speed::super ? 8 : 64;
  if (setup.length == length) reset_device();
}

void Session::reset_device() {
  configured_ = false;
  while (!resets_.empty() && resets_.front() + reset_window <= now_) resets_.pop_front();
  if (resets_.size() >= max_resets) return;  // a storm: the device need not take part in it
  resets_.push_back(now_);
  ++counters_.resets;
  if (typing_) typing_->reset();
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
      // Streams, given or not, are no more, which is no reason to throw the device out.
      const std::int32_t status = urb.kind == UrbKind::bulk_streams ? 0 : -EPROTO;
      complete(entry, {.status = status, .out_length = 0, .in_data = {}});
    }
  }
  flushing_ = false;
  forget_streams_of(std::nullopt);  // the backend's kernel frees them, too
  epoch_ = (epoch_ + 1) & max_epoch;
  redir::append_packet(to_stream_.tail(), caps_, PacketType::reset, 0, redir::Empty{});
  read_again();
}

void Session::send_control(Urb& urb, base::wire::Bytes data) {
  ++control_in_flight_;
  urb.deadline = now_ + control_deadline;
  append_control(urb.id, urb.submit.setup,
                 std::min<std::uint32_t>(urb.submit.setup.length, urb.submit.length), data);
}

void Session::append_control(std::uint64_t id, const Setup& setup, std::uint32_t length,
                             base::wire::Bytes data) {
  redir::append_packet(to_stream_.tail(), caps_, PacketType::control_packet, id,
                       redir::control_packet(setup, redir::status::success, length), data);
}

}  // namespace usbproxy
