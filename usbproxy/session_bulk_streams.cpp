// SPDX-License-Identifier: GPL-2.0-or-later
// Session: streams of bulk endpoints, for targets that have them (USB 3.2, 8.12.1.4). A kernel
// behind a vhci does not.
#include <cerrno>

#include "usbproxy/described_tables.hpp"
#include "usbproxy/session.hpp"

namespace usbproxy {
namespace {

bool names(std::uint32_t endpoints, std::size_t slot) { return (endpoints >> slot & 1U) != 0; }

}  // namespace

std::uint32_t Session::max_bulk_streams(std::uint8_t address) const {
  if (phase_ != Phase::connected || device_.speed() != Speed::super) return 0;
  return described_streams(pinned_->device(), active_, address);
}

void Session::set_bulk_streams(std::uint32_t seqnum, std::uint32_t endpoints, std::uint32_t streams,
                               Time now) {
  if (end_) return;
  now_ = now;
  ++counters_.submits;
  usbip::Submit submit;
  submit.seqnum = seqnum;
  const auto refuse = [this, &submit](std::int32_t status) {
    ++counters_.refused_urbs;
    answer(submit, status);
  };
  if (urbs_.contains(seqnum) || phase_ != Phase::connected) return refuse(-ENODEV);
  if (urbs_.size() >= max_urbs) return refuse(-ENOMEM);
  if (streams == 0) {  // whatever comes of it, they are used no more
    free_streams(endpoints);
    if (!end_) answer(submit, 0);
    return;
  }
  // They are from before a reset in which the device took no part.
  if (have_streams(endpoints, streams)) return answer(submit, 0);
  if (!may_have_streams(endpoints, streams)) return refuse(-EINVAL);
  Urb& urb = admit(submit, UrbKind::bulk_streams);
  urb.endpoints = endpoints;
  urb.streams = streams;
  send_or_park(urb, {});
}

bool Session::have_streams(std::uint32_t endpoints, std::uint32_t streams) const {
  for (std::size_t slot = 0; slot < bulk_streams_.size(); ++slot) {
    if (names(endpoints, slot) && bulk_streams_[slot] != streams) return false;
  }
  return endpoints != 0;
}

// As the backend's kernel gives them (parse_usbdevfs_streams in drivers/usb/core/devio.c): to
// endpoints of one interface, two at least, and not twice.
bool Session::may_have_streams(std::uint32_t endpoints, std::uint32_t streams) const {
  if ((caps_ & redir::cap::bulk_streams) == 0 || streams < 2) return false;
  std::optional<std::uint8_t> interface_number;
  for (std::size_t slot = 0; slot < bulk_streams_.size(); ++slot) {
    if (!names(endpoints, slot)) continue;
    const Endpoint& endpoint = device_.endpoint(redir::address_of(slot));
    if (interface_number && endpoint.interface_number != *interface_number) return false;
    interface_number = endpoint.interface_number;
    if (!is_given(endpoint) || bulk_streams_[slot] != 0) return false;
    if (streams > max_bulk_streams(redir::address_of(slot))) return false;
  }
  return interface_number.has_value();
}

void Session::note_streams(std::uint32_t endpoints, std::uint32_t streams) {
  for (std::size_t slot = 0; slot < bulk_streams_.size(); ++slot) {
    if (names(endpoints, slot)) bulk_streams_[slot] = streams;
  }
}

// Those that are there, interface by interface. Nobody waits for the answers.
void Session::free_streams(std::uint32_t endpoints) {
  for (unsigned number = 0; number < firewall::max_device_interfaces; ++number) {
    std::uint32_t together = 0;
    for (std::size_t slot = 0; slot < bulk_streams_.size(); ++slot) {
      const Endpoint& endpoint = device_.endpoint(redir::address_of(slot));
      if (!names(endpoints, slot) || bulk_streams_[slot] == 0) continue;
      if (endpoint.interface_number == number) together |= 1U << slot;
    }
    if (together == 0) continue;
    note_streams(together, 0);
    const std::uint64_t id = operation_id | ++operations_;
    orphan(id);
    if (end_) return;
    redir::append_packet(to_stream_.tail(), caps_, redir::PacketType::free_bulk_streams, id,
                         redir::FreeBulkStreams{together});
  }
}

// Those that the backend's kernel has freed itself: all in a reset, an interface's with its setting
// (usb_reset_and_verify_device and usb_set_interface in drivers/usb/core).
void Session::forget_streams_of(std::optional<std::uint8_t> interface_number) {
  for (std::size_t slot = 0; slot < bulk_streams_.size(); ++slot) {
    const Endpoint& endpoint = device_.endpoint(redir::address_of(slot));
    if (!interface_number || endpoint.interface_number == *interface_number)
      bulk_streams_[slot] = 0;
  }
}

// As the kernel has it (xhci_queue_bulk_tx, drivers/usb/host/xhci-ring.c): with streams, one of
// them; without, none.
bool Session::stream_fits(const usbip::Submit& submit) const {
  const std::uint32_t streams = bulk_streams_[redir::slot_of(submit.address())];
  return streams == 0 ? submit.stream == 0 : submit.stream != 0 && submit.stream <= streams;
}

// The status of a request that was parked for longer than what it relies on lasted.
std::optional<std::int32_t> Session::overtaken(const Urb& urb) const {
  if (urb.kind == UrbKind::bulk && !stream_fits(urb.submit)) return -EPROTO;
  if (urb.kind != UrbKind::bulk_streams) return std::nullopt;
  if (have_streams(urb.endpoints, urb.streams)) return 0;
  if (!may_have_streams(urb.endpoints, urb.streams)) return -EINVAL;
  return std::nullopt;
}

// What the target sends after it reaches the backend after it, so they count from here on.
void Session::send_bulk_streams(Urb& urb) {
  urb.deadline = now_ + control_deadline;
  note_streams(urb.endpoints, urb.streams);
  redir::append_packet(to_stream_.tail(), caps_, redir::PacketType::alloc_bulk_streams, urb.id,
                       redir::AllocBulkStreams{urb.endpoints, urb.streams});
}

void Session::on_bulk_streams(const redir::Packet& packet) {
  const auto& body = std::get<redir::BulkStreamsStatus>(packet.body);
  const auto urb = find_reply(packet.id, UrbKind::bulk_streams, UrbKind::bulk_streams);
  if (urb == urbs_.end()) {
    if (!take_orphan(packet.id)) violation("status of bulk streams that answers no request");
    return;
  }
  if (body.endpoints != urb->second.endpoints || body.streams != urb->second.streams) {
    return violation("bulk streams of other endpoints, or others, than asked for");
  }
  const bool done = body.status == redir::status::success;
  if (!done) note_streams(urb->second.endpoints, 0);
  complete(urb, {.status = done ? 0 : -EPROTO, .out_length = 0, .in_data = {}});
}

}  // namespace usbproxy
