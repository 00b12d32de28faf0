// SPDX-License-Identifier: GPL-2.0-or-later
// Link: what usbip-host answers, as packets to the session. Each is built from the stored request.
#include "usbproxy/exported/link.hpp"
#include "usbproxy/transfer_status.hpp"

namespace usbproxy::exported {
namespace {

using base::wire::Bytes;
using redir::PacketType;

std::uint8_t low_byte(std::uint16_t value) { return static_cast<std::uint8_t>(value & 0xffU); }

}  // namespace

// The parser found the request.
void Link::on_submit_answer(const usbip::Answered& answered) {
  const Pending asked = pending_.take(answered.seqnum);
  switch (asked.kind) {
    case Kind::question:
      return on_question(answered);
    case Kind::reset:  // the device itself knows no such request, and says so
      return;
    case Kind::interrupt_in:
      return polled(asked, answered);
    case Kind::iso:
      return iso_answered(asked, answered);
    case Kind::control:
    case Kind::set_configuration:
    case Kind::get_configuration:
    case Kind::set_alt:
    case Kind::get_alt:
    case Kind::bulk:
    case Kind::interrupt_out:
      break;
  }
  answer(asked, transfer_status(answered.status), answered.actual, answered.data);
}

// A request that was given up in time has no other answer; one that was not has had it before.
void Link::on_unlink_answer(const usbip::Answered& answered) {
  const auto victim = pending_.take_unlink(answered.seqnum);
  if (!victim) {
    return failed(EndReason::violation,
                  "sys-usb broke the USB/IP protocol: an answer to no request");
  }
  const Pending* const found = pending_.find(*victim);
  if (found == nullptr || !found->unlinked) return;
  const Pending asked = pending_.take(*victim);
  if (asked.kind == Kind::interrupt_in || asked.kind == Kind::iso) return;
  answer(asked, redir::status::cancelled, 0, {});
}

void Link::answer(const Pending& asked, std::uint8_t status, std::uint32_t actual, Bytes data) {
  const Setup& setup = asked.submit.setup;
  const std::uint8_t endpoint = asked.submit.address();
  switch (asked.kind) {
    case Kind::control:
      return tell(PacketType::control_packet, asked.id,
                  redir::control_packet(setup, status, actual), data);
    case Kind::bulk:
      return tell(PacketType::bulk_packet, asked.id,
                  redir::BulkPacket{
                      .endpoint = endpoint, .status = status, .length = actual, .stream_id = 0},
                  data);
    case Kind::interrupt_out:
      return tell(PacketType::interrupt_packet, asked.id,
                  redir::DataPacket{.endpoint = endpoint,
                                    .status = status,
                                    .length = static_cast<std::uint16_t>(actual)});
    case Kind::set_configuration:
    case Kind::get_configuration:
    case Kind::set_alt:
    case Kind::get_alt:
      return answer_setting(asked, status, data);
    case Kind::question:
    case Kind::reset:
    case Kind::interrupt_in:
    case Kind::iso:
      return;  // not the session's
  }
}

// The tables of a new setting come before its status.
void Link::answer_setting(const Pending& asked, std::uint8_t status, Bytes data) {
  const Setup& setup = asked.submit.setup;
  const bool gets = asked.kind == Kind::get_configuration || asked.kind == Kind::get_alt;
  std::uint8_t value = gets ? 0 : low_byte(setup.value);
  if (gets && status == redir::status::success) {
    if (data.empty()) status = redir::status::ioerror;
    if (!data.empty()) value = std::to_integer<std::uint8_t>(data.front());
  }
  const bool changed = !gets && status == redir::status::success;
  if (changed && asked.kind == Kind::set_configuration) {
    setting_ = {.configuration = value, .alternates = {}};
  } else if (changed) {
    setting_.alternates[setup.index] = value;  // set_alt() found it
  }
  if (changed) tell_tables();
  if (asked.kind == Kind::set_configuration || asked.kind == Kind::get_configuration) {
    return tell(PacketType::configuration_status, asked.id,
                redir::ConfigurationStatus{status, value});
  }
  tell(PacketType::alt_setting_status, asked.id,
       redir::AltSettingStatus{status, low_byte(setup.index), value});
}

void Link::on_question(const usbip::Answered& answered) {
  std::optional<Bytes> data;
  if (answered.status == 0) data = answered.data;
  if (auto taken = introduction_.answered(data); !taken) {
    return failed(EndReason::refused, taken.error().text);
  }
  ask_next();
}

}  // namespace usbproxy::exported
