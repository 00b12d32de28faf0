// SPDX-License-Identifier: GPL-2.0-or-later
// Link: what the session answers, as packets to QEMU.
#include "usbproxy/guest/link.hpp"
#include "usbproxy/transfer_status.hpp"

namespace usbproxy::guest {
namespace {

using base::wire::Bytes;
using redir::PacketType;

// SET_CONFIGURATION and SET_INTERFACE, whichever packet they came in.
bool changes_setting(const Request& request) {
  return request.endpoint == 0 &&
         ((request.setup.request_type == 0x00 && request.setup.request == 0x09) ||
          (request.setup.request_type == 0x01 && request.setup.request == 0x0b));
}

// A setting that was asked for or told: one byte.
std::uint8_t value_of(const Request& request, std::uint8_t status, Bytes data) {
  if (changes_setting(request)) return static_cast<std::uint8_t>(request.setup.value & 0xffU);
  if (status == redir::status::success && !data.empty()) {
    return std::to_integer<std::uint8_t>(data.front());
  }
  return 0;
}

}  // namespace

// Called from within the session: nothing here may call it back.
std::size_t Link::took(std::span<const Bytes> parts) {
  std::size_t size = 0;
  for (const Bytes& part : parts) size += part.size();
  ReplyReader reader(parts);
  while (const auto reply = reader.next()) on_reply(*reply);
  return size;
}

void Link::on_reply(const Reply& reply) {
  if (session_.end()) return;  // the device is gone for QEMU as well, with all that was open
  if (reply.kind == Reply::Kind::unlink) {
    const auto unlinked = unlinks_.find(reply.seqnum);
    if (unlinked == unlinks_.end()) return;
    poll_unlinked(unlinked->second);
    unlinks_.erase(unlinked);
    return;
  }
  if (streams_answered(reply) || polled(reply)) return;
  const Request* asked = requests_.find(reply.seqnum);
  if (asked == nullptr) return;  // QEMU gave it up
  answer(reply.seqnum, transfer_status(reply.status), reply.actual, reply.data);
}

bool Link::streams_answered(const Reply& reply) {
  const auto found = stream_requests_.find(reply.seqnum);
  if (found == stream_requests_.end()) return false;
  const StreamRequest asked = found->second;
  stream_requests_.erase(found);
  send(PacketType::bulk_streams_status, asked.id,
       redir::BulkStreamsStatus{asked.endpoints, asked.streams, transfer_status(reply.status)});
  return true;
}

// Sends the answer, if it is its turn.
void Link::answer(Number number, std::uint8_t status, std::uint32_t actual, Bytes data) {
  const Request asked = *requests_.find(number);
  if (!requests_.is_first(number)) {
    return requests_.hold(number,
                          {.status = status, .actual = actual, .data = {data.begin(), data.end()}});
  }
  requests_.erase(number);
  send_answer(asked, status, actual, data);
  send_ready(asked.endpoint);
}

void Link::send_ready(std::uint8_t endpoint) {
  while (const auto ready = requests_.take_ready(endpoint)) {
    send_answer(ready->request, ready->answer.status, ready->answer.actual, ready->answer.data);
  }
}

void Link::send_answer(const Request& request, std::uint8_t status, std::uint32_t actual,
                       Bytes data) {
  const Setup& setup = request.setup;
  if (status == redir::status::success && changes_setting(request)) tell_tables();
  switch (request.type) {
    case PacketType::set_configuration:
    case PacketType::get_configuration:
      return send(PacketType::configuration_status, request.id,
                  redir::ConfigurationStatus{status, value_of(request, status, data)});
    case PacketType::set_alt_setting:
    case PacketType::get_alt_setting:
      return send(PacketType::alt_setting_status, request.id,
                  redir::AltSettingStatus{status, static_cast<std::uint8_t>(setup.index & 0xffU),
                                          value_of(request, status, data)});
    case PacketType::control_packet:
      return send(request.type, request.id, redir::control_packet(setup, status, actual), data);
    case PacketType::interrupt_packet:
      return send(request.type, request.id,
                  redir::DataPacket{.endpoint = request.endpoint,
                                    .status = status,
                                    .length = static_cast<std::uint16_t>(actual)});
    default:  // bulk
      return send(request.type, request.id,
                  redir::BulkPacket{.endpoint = request.endpoint,
                                    .status = status,
                                    .length = actual,
                                    .stream_id = request.stream},
                  data);
  }
}

}  // namespace usbproxy::guest
