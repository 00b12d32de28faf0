// SPDX-License-Identifier: GPL-2.0-or-later
// Session: mass storage ahead of the target. A command, its data and its status are three transfers
// that the target makes one after the other, each waiting for the one before to come back.
//
// READ: command and data IN leave together, and the command is answered at once; the status IN
// leaves when the data came. WRITE: the command is answered at once; the status IN leaves when the
// data is out. The target's IN requests are then answered from what comes back. Never two transfers
// wait on the IN endpoint: QEMU's usb-storage loses a status that is asked for before its data.
// If the device fails a transfer, nothing more is sent ahead for the rest of the attachment.
//
// A device that has not got its command yet answers NAK to a request for data (USB 2.0, 8.4.5). One
// that stalls instead, as QEMU's does behind an EHCI, whose schedule visits the IN endpoint first,
// is cleared and asked again before the target knows.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "usbproxy/session.hpp"

namespace usbproxy {
namespace {

constexpr usbip::Setup clear_halt(std::uint8_t endpoint) {
  return {.request_type = 0x02, .request = 0x01, .value = 0, .index = endpoint, .length = 0};
}

}  // namespace

using base::wire::Bytes;
using redir::PacketType;
using usbip::Direction;

void Session::bot_send_ahead(std::uint32_t length) {
  bot_ask(bot_.ahead.push_back(ahead_id | ++bot_.last_id, length));
}

void Session::bot_ask(const Ahead& one) {
  redir::append_head(
      to_stream_.tail(), caps_, PacketType::bulk_packet, one.id,
      redir::BulkPacket{
          .endpoint = bot_.endpoints->in, .status = 0, .length = one.asked, .stream_id = 0});
}

// True when the request was taken over here.
bool Session::bot_submit(const usbip::Command& command) {
  if (!bot_.endpoints) return false;
  const std::uint8_t address = command.submit.address();
  if (address == bot_.endpoints->in) {
    bot_.last_write.reset();
    bot_.write_left = 0;  // reading before the end of the data: the announced data will not come
    if (bot_.ahead.empty()) return false;
    Urb& urb = admit(command.submit, UrbKind::bulk);
    urb.state = UrbState::served;
    bot_.waiting.push_back(command.submit.seqnum);
    bot_serve();
    return true;
  }
  if (address != bot_.endpoints->out) return false;
  if (bot_.write_left > 0) return bot_write_data(command);
  if (!bot_.ahead.empty() && !bot_.ahead.back().answered) {
    bot_abandon();  // the target went on without the status: it must not eat later data
    return false;
  }
  const auto block = BotCommand::parse(command.data);
  const bool idle = bot_.ahead.empty() && bot_.waiting.empty() && bot_.command_id == 0 &&
                    parked_.empty() && endpoint_in_flight_[redir::slot_of(address)] == 0 &&
                    endpoint_in_flight_[redir::slot_of(bot_.endpoints->in)] == 0;
  if (!block || !idle || bot_.plain) return false;
  bot_.command_id = ahead_id | ++bot_.last_id;
  redir::append_packet(
      to_stream_.tail(), caps_, PacketType::bulk_packet, bot_.command_id,
      redir::BulkPacket{
          .endpoint = address, .status = 0, .length = BotCommand::size, .stream_id = 0},
      command.data);
  usbip::append_ret_submit(to_kernel_.tail(), command.submit,
                           {.status = 0, .out_length = BotCommand::size, .in_data = {}});
  if (block->direction == Direction::out) {
    bot_.write_left = block->length;
    return true;
  }
  bot_send_ahead(block->length);
  bot_.status_next = true;
  return true;
}

// Data goes the plain way; its last reply is where the status is asked for.
bool Session::bot_write_data(const usbip::Command& command) {
  const std::uint32_t length = command.submit.length;
  const bool whole = length > 0 && length <= bot_.write_left;
  bot_.write_left = whole ? bot_.write_left - length : 0;
  if (!whole) return false;  // not the data that was announced: the plain way from here
  Urb& urb = admit(command.submit, UrbKind::bulk);
  send_or_park(urb, command.data);
  if (bot_.write_left > 0) return true;
  bot_.last_write = command.submit.seqnum;
  return true;
}

// Answers the target's IN requests, first to first, from what has come.
void Session::bot_serve() {
  while (!bot_.waiting.empty() && !bot_.ahead.empty() && bot_.ahead.front().answered) {
    Ahead& one = bot_.ahead.front();
    const auto urb = urbs_.find(bot_.waiting.front());
    const Bytes left = Bytes(one.data).subspan(one.given);
    const Bytes part = left.first(std::min<std::size_t>(left.size(), urb->second.submit.length));
    one.given += part.size();
    const bool finished = one.given == one.data.size();
    // An error belongs to the end of the transfer.
    bot_answer(urb, finished ? one.status : redir::status::success, part);
    if (finished) bot_.ahead.pop_front();
  }
  if (bot_.ahead.empty()) bot_release_waiting();
}

void Session::bot_answer(Urbs::iterator urb, std::uint8_t status, Bytes data) {
  const usbip::Submit& asked = urb->second.submit;
  std::int32_t code = data_errno(status);
  if (code == 0 && data.size() < asked.length && (asked.flags & usbip::flag::short_not_ok) != 0) {
    code = -EREMOTEIO;
  }
  complete(urb, {.status = code, .out_length = 0, .in_data = data});
}

// Requests that nothing sent ahead will answer.
void Session::bot_release_waiting() {
  while (!bot_.waiting.empty()) {
    Urb& urb = urbs_.at(bot_.waiting.front());
    bot_.waiting.pop_front();
    send_or_park(urb, {});
  }
}

// True when the packet answers something that was sent ahead.
bool Session::bot_reply(const redir::Packet& packet) {
  const auto& body = std::get<redir::BulkPacket>(packet.body);
  if (packet.id == bot_.command_id && bot_.command_id != 0) {
    if (body.endpoint != bot_.endpoints->out || body.stream_id != 0 ||
        body.length > BotCommand::size) {
      violation("bulk reply for another endpoint");
      return true;
    }
    bot_.command_id = 0;
    // The target believes that its command arrived; it learns otherwise from its next transfer.
    if (body.status != redir::status::success && !bot_.ahead.empty() &&
        !bot_.ahead.front().answered) {
      bot_cancel(bot_.ahead.front());
      if (end_) return true;
      bot_.ahead.front().answered = true;
      bot_.ahead.front().status = body.status;
      bot_.status_next = false;
      bot_serve();
    }
    return true;
  }
  Ahead* const found = bot_.ahead.find(packet.id);
  if (found == nullptr) return false;
  if (found->answered) {
    violation("bulk reply that answers no request");
    return true;
  }
  if (body.endpoint != bot_.endpoints->in || body.stream_id != 0 || body.length > found->asked) {
    violation("bulk reply longer than asked or for another endpoint");
    return true;
  }
  if (body.status != redir::status::success) {
    bot_.plain = true;
    // The data of a command whose own answer is still to come.
    if (body.status == redir::status::stall && bot_.status_next && bot_.command_id != 0) {
      bot_recover(*found);
      return true;
    }
  }
  found->answered = true;
  found->status = body.status;
  const bool first = found == &bot_.ahead.front();
  const bool wants_status = std::exchange(bot_.status_next, false);
  if (wants_status && body.status == redir::status::success) bot_send_ahead(bot_status_size);
  if (first && !bot_.waiting.empty()) {
    const auto urb = urbs_.find(bot_.waiting.front());
    if (urb->second.submit.length >= packet.data.size()) {  // straight from where it was read
      bot_.ahead.pop_front();
      bot_answer(urb, body.status, packet.data);
      bot_serve();
      return true;
    }
  }
  found->data.assign(packet.data.begin(), packet.data.end());
  bot_serve();
  return true;
}

void Session::bot_recover(Ahead& data) {
  data.id = 0;  // answered; it gets another one
  bot_.recovery_id = operation_id | ++operations_;
  append_control(bot_.recovery_id, clear_halt(bot_.endpoints->in), 0);
}

void Session::bot_recovered(const redir::ControlPacket& untrusted) {
  bot_.recovery_id = 0;
  if (!answers(untrusted, clear_halt(bot_.endpoints->in))) {
    return violation("control reply to another request");
  }
  Ahead& data = bot_.ahead.front();  // there since bot_recover(), or bot_cancel() was called
  if (untrusted.status == redir::status::success) {
    data.id = ahead_id | ++bot_.last_id;
    return bot_ask(data);
  }
  data.answered = true;
  data.status = redir::status::stall;
  bot_.status_next = false;
  bot_serve();
}

// Of what is not answered yet.
void Session::bot_cancel(const Ahead& one) {
  if (bot_.recovery_id != 0) return orphan(std::exchange(bot_.recovery_id, 0));
  orphan_ahead(one.id);
}

void Session::orphan_ahead(std::uint64_t id) {
  redir::append_packet(to_stream_.tail(), caps_, PacketType::cancel_data_packet, id,
                       redir::Empty{});
  orphan(id);
}

// The last data of a WRITE is out.
void Session::bot_written(std::uint32_t seqnum, std::int32_t status) {
  if (bot_.last_write != seqnum) return;
  bot_.last_write.reset();
  if (status == 0 && bot_.ahead.empty()) bot_send_ahead(bot_status_size);
}

// Gives up what is still to come; what the device already sent stays readable.
void Session::bot_abandon() {
  bot_.status_next = false;
  bot_.last_write.reset();
  while (!bot_.ahead.empty() && !bot_.ahead.back().answered) {
    bot_cancel(bot_.ahead.back());
    bot_.ahead.pop_back();
    if (end_) return;
  }
  if (bot_.ahead.empty() && !flushing_) bot_release_waiting();
}

// Forgets everything: reset, another configuration, the class's own reset.
void Session::bot_forget() {
  const bool was_flushing = std::exchange(flushing_, true);  // waiting requests stay here
  bot_abandon();
  flushing_ = was_flushing;
  if (end_) return;
  bot_.ahead.clear();
  bot_.write_left = 0;
  if (bot_.command_id != 0) orphan_ahead(std::exchange(bot_.command_id, 0));
  if (!end_ && !flushing_) bot_release_waiting();
}

}  // namespace usbproxy
