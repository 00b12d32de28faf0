// SPDX-License-Identifier: GPL-2.0-or-later
// Session: what the target's kernel asks for, and the bounds on what is under way.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "usbproxy/session.hpp"

namespace usbproxy {

using base::wire::Bytes;
using redir::PacketType;
using usbip::Direction;

std::uint64_t Session::id_for(std::uint32_t seqnum) const {
  return std::uint64_t{epoch_} << 32U | seqnum;
}

void Session::on_submit(const usbip::Command& command) {
  const usbip::Submit& submit = command.submit;
  ++counters_.submits;
  if (phase_ != Phase::connected) return refuse_urb(command, -ENODEV);
  if (urbs_.contains(submit.seqnum)) {
    return finish(EndReason::kernel_violation,
                  "the target's vhci_hcd used the number of a pending request again");
  }
  if (urbs_.size() >= max_urbs || parked_bytes_ + command.data.size() > max_parked_bytes) {
    return refuse_urb(command, -ENOMEM);
  }
  if (submit.iso_packets != 0) return submit_iso(command);
  if (submit.endpoint == 0) return submit_control(command);
  submit_data(command);
}

void Session::submit_data(const usbip::Command& command) {
  const usbip::Submit& submit = command.submit;
  const Endpoint& endpoint = device_.endpoint(submit.address());
  // As all that was under way before the reset.
  if (reading_ == Reading::after_reset) return refuse_urb(command, -EPROTO);
  if (!is_given(endpoint)) return refuse_urb(command, -ENOENT);
  switch (endpoint.type) {
    case redir::endpoint_type::bulk:
      if (!stream_fits(submit)) return refuse_urb(command, -EINVAL);
      if ((submit.stream == 0 && bot_submit(command)) || end_) return;
      return send_or_park(admit(submit, UrbKind::bulk), command.data);
    case redir::endpoint_type::interrupt:
      if (submit.direction == Direction::in) return submit_interrupt_in(submit);
      if (submit.length > endpoint.max_packet_size) return refuse_urb(command, -EINVAL);
      return send_or_park(admit(submit, UrbKind::interrupt_out), command.data);
    case redir::endpoint_type::isochronous:  // without packets
      return refuse_urb(command, -EINVAL);
    default:
      return refuse_urb(command, -ENOENT);  // no such endpoint now
  }
}

// Before it is admitted.
void Session::refuse_urb(const usbip::Command& command, std::int32_t status) {
  ++counters_.refused_urbs;
  if (command.submit.iso_packets == 0) return answer(command.submit, status);
  usbip::append_iso_failure(to_kernel_.tail(), command.submit, command.iso, status);
}

// The table is of the whole device.
bool Session::is_given(const Endpoint& endpoint) const {
  return endpoint.interface_number < firewall::max_device_interfaces &&
         pinned_->device().alternate(active_, endpoint.interface_number) != nullptr;
}

Session::Urb& Session::admit(const usbip::Submit& submit, UrbKind kind) {
  Urb& urb = urbs_[submit.seqnum];
  urb.submit = submit;
  urb.kind = kind;
  urb.id = id_for(submit.seqnum);
  return urb;
}

void Session::answer(const usbip::Submit& submit, std::int32_t status, Bytes in_data) {
  const Bytes data = usbip::append_ret_submit(
      to_kernel_.tail(), submit, {.status = status, .out_length = 0, .in_data = in_data});
  to_kernel_.add_payload(data);
}

bool Session::may_send(const Urb& urb) const {
  if (reading_ == Reading::after_reset) return false;
  if (urb.kind == UrbKind::control) return control_in_flight_ < max_control_in_flight;
  if (urb.kind != UrbKind::bulk && urb.kind != UrbKind::interrupt_out) return true;
  return in_flight_ < max_in_flight &&
         endpoint_in_flight_[redir::slot_of(urb.submit.address())] < max_endpoint_in_flight &&
         bytes_in_flight_ + urb.submit.length <= max_bytes_in_flight;
}

// Requests of one endpoint stay in order; different endpoints may overtake each other.
void Session::send_or_park(Urb& urb, Bytes data) {
  const std::uint8_t address = urb.submit.address();
  const bool behind = std::any_of(parked_.begin(), parked_.end(), [&](std::uint32_t seqnum) {
    return urbs_.at(seqnum).submit.address() == address;
  });
  if (!behind && may_send(urb)) return send(urb, data);
  urb.state = UrbState::parked;
  urb.parked.assign(data.begin(), data.end());
  parked_bytes_ += data.size();
  parked_.push_back(urb.submit.seqnum);
}

void Session::send(Urb& urb, Bytes data) {
  urb.state = UrbState::sent;
  urb.awaited = main_reply;
  switch (urb.kind) {
    case UrbKind::control:
      return send_control(urb, data);
    case UrbKind::set_configuration:
    case UrbKind::get_configuration:
    case UrbKind::set_alt:
    case UrbKind::get_alt:
      return send_configuration(urb);
    case UrbKind::bulk_streams:
      return send_bulk_streams(urb);
    case UrbKind::bulk:
    case UrbKind::interrupt_out:
    case UrbKind::interrupt_in:  // these are never sent: a stream serves them
    case UrbKind::isochronous:
      break;
  }
  const std::uint8_t address = urb.submit.address();
  ++in_flight_;
  ++endpoint_in_flight_[redir::slot_of(address)];
  bytes_in_flight_ += urb.submit.length;
  if (urb.kind == UrbKind::interrupt_out) {
    const redir::DataPacket body{
        .endpoint = address, .status = 0, .length = static_cast<std::uint16_t>(urb.submit.length)};
    redir::append_head(to_stream_.tail(), caps_, PacketType::interrupt_packet, urb.id, body,
                       data.size());
    return to_stream_.add_payload(data);
  }
  redir::BulkPacket body{.endpoint = address,
                         .status = 0,
                         .length = urb.submit.length,
                         .stream_id = urb.submit.stream};
  redir::append_head(to_stream_.tail(), caps_, PacketType::bulk_packet, urb.id, body, data.size());
  to_stream_.add_payload(data);
  const bool ends_with_empty_packet =
      urb.submit.direction == Direction::out && urb.submit.length > 0 &&
      (urb.submit.flags & usbip::flag::zero_packet) != 0 &&
      urb.submit.length % device_.endpoint(address).max_packet_size == 0;
  if (!ends_with_empty_packet) return;
  body.length = 0;  // usbredir has no flag for it: a second transfer of nothing
  redir::append_head(to_stream_.tail(), caps_, PacketType::bulk_packet, urb.id | zero_packet_id,
                     body);
  urb.awaited |= zero_packet_reply;
}

void Session::send_parked() {
  std::uint32_t blocked = 0;        // bits: endpoints with an earlier request that must wait
  std::vector<std::uint32_t> late;  // whose streams are not what they were
  for (auto next = parked_.begin(); next != parked_.end();) {
    Urb& urb = urbs_.at(*next);
    const std::uint32_t bit = 1U << redir::slot_of(urb.submit.address());
    if ((blocked & bit) != 0 || !may_send(urb)) {
      blocked |= bit;
      ++next;
      continue;
    }
    if (overtaken(urb)) {
      late.push_back(*next);
      ++next;
      continue;
    }
    next = parked_.erase(next);
    const std::vector<std::byte> data = std::exchange(urb.parked, {});
    parked_bytes_ -= data.size();
    send(urb, data);
  }
  for (const std::uint32_t seqnum : late) {
    const auto urb = urbs_.find(seqnum);
    if (end_ || urb == urbs_.end() || urb->second.state != UrbState::parked) continue;
    const auto status = overtaken(urb->second);
    if (status) complete(urb, {.status = *status, .out_length = 0, .in_data = {}});
  }
}

void Session::cancel(Urb& urb) {
  const bool cancellable = urb.kind == UrbKind::control || urb.kind == UrbKind::bulk ||
                           urb.kind == UrbKind::interrupt_out;
  if (!cancellable) return;
  const auto send_cancel = [this](std::uint64_t id) {
    redir::append_packet(to_stream_.tail(), caps_, PacketType::cancel_data_packet, id,
                         redir::Empty{});
  };
  if ((urb.awaited & main_reply) != 0) send_cancel(urb.id);
  if ((urb.awaited & zero_packet_reply) != 0) send_cancel(urb.id | zero_packet_id);
}

// Undoes the accounting of send() or send_or_park().
void Session::release(const Urb& urb) {
  if (urb.state == UrbState::parked) {
    parked_bytes_ -= urb.parked.size();
    std::erase(parked_, urb.submit.seqnum);
    return;
  }
  if (urb.state == UrbState::queued) return forget_queued(urb);
  if (urb.state == UrbState::served) {
    std::erase(bot_.waiting, urb.submit.seqnum);
    return;
  }
  if (urb.kind == UrbKind::control) --control_in_flight_;
  if (urb.kind != UrbKind::bulk && urb.kind != UrbKind::interrupt_out) return;
  --in_flight_;
  --endpoint_in_flight_[redir::slot_of(urb.submit.address())];
  bytes_in_flight_ -= urb.submit.length;
}

// Where a pending request is answered with RET_SUBMIT, except one that serve_iso() has served.
void Session::complete(Urbs::iterator entry, const usbip::Completion& completion) {
  const Urb& urb = entry->second;
  if (urb.kind == UrbKind::isochronous) {
    append_iso_failed(urb, completion.status);
  } else {
    to_kernel_.add_payload(usbip::append_ret_submit(to_kernel_.tail(), urb.submit, completion));
  }
  release(urb);
  if (urb.state == UrbState::cancelling) {  // it was done before the cancel arrived
    usbip::append_ret_unlink(to_kernel_.tail(), urb.unlink, 0);
  }
  urbs_.erase(entry);
  if (!end_ && !flushing_) send_parked();
}

// The other one: with RET_UNLINK.
void Session::give_back_unlinked(Urbs::iterator entry) {
  release(entry->second);
  usbip::append_ret_unlink(to_kernel_.tail(), entry->second.unlink, -ECONNRESET);
  urbs_.erase(entry);
  if (!end_ && !flushing_) send_parked();
}

void Session::on_unlink(const usbip::Command& command) {
  ++counters_.unlinks;
  const auto found = urbs_.find(command.victim);
  if (found == urbs_.end()) {  // answered already: the answers crossed
    return usbip::append_ret_unlink(to_kernel_.tail(), command.seqnum, 0);
  }
  Urb& urb = found->second;
  if (urb.state == UrbState::cancelling) {
    return finish(EndReason::kernel_violation, "the target's vhci_hcd unlinked a request twice");
  }
  urb.unlink = command.seqnum;
  if (urb.kind == UrbKind::interrupt_in) {  // always queued
    InterruptIn& stream = interrupts_[urb.submit.endpoint];
    give_back_unlinked(found);
    if (stream.urbs.empty()) stream.idle_since = now_;
    return;
  }
  if (urb.state == UrbState::parked || urb.state == UrbState::queued) {
    return give_back_unlinked(found);
  }
  if (urb.state == UrbState::served) {  // the device may be in the middle of it: plain from here
    give_back_unlinked(found);
    return bot_forget();
  }
  urb.state = UrbState::cancelling;
  const bool data = urb.kind == UrbKind::control || urb.kind == UrbKind::bulk ||
                    urb.kind == UrbKind::interrupt_out;
  if (data) cancel(urb);  // the others cannot be cancelled, only waited for
  urb.deadline =
      std::min(urb.deadline, now_ + (data ? cancel_deadline : configuration_cancel_deadline));
}

}  // namespace usbproxy
