// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/attacks/emulator/io/redir_server.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/io/files.hpp"
#include "tests/attacks/emulator/redir_tables.hpp"
#include "usbproxy/backend_header.hpp"

namespace attacks {
namespace {

using redir::PacketType;
using std::chrono::steady_clock;

constexpr std::uint32_t caps = redir::cap::frontend;
// Packets of a stream without a pause before what the other side wrote is looked at.
constexpr int packets_per_turn = 32;

std::uint8_t status_of(const Answer& answer) {
  return answer.kind == Answer::Kind::stall ? redir::status::stall : redir::status::success;
}

void append(Memory& out, const Outgoing& packet) {
  if (!packet.raw.empty()) {
    out = std::move(out) + packet.raw;
    return;
  }
  if (packet.type == PacketType::hello) return redir::append_hello(out, caps);
  redir::append_packet(out, caps, packet.type, packet.id, packet.body, packet.data);
}

}  // namespace

RedirServer::RedirServer(Device device, std::vector<Lie> lies, base::io::Fd stream)
    : device_(std::move(device)),
      lies_(std::move(lies)),
      stream_(std::move(stream)),
      decoder_(redir::Sender::guest, caps),
      walked_(
          walk(device_.configurations.empty() ? Bytes{} : Bytes(device_.configurations.front()))) {}

void RedirServer::run() {
  Outgoing header;
  header.raw = usbproxy::encode_backend_header(usbproxy::BackendStatus::ready);
  send(Moment::header, {header});
  send(Moment::hello, {Outgoing{}});
  while (write_out() && !left_) {
    pollfd one{.fd = stream_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&one, 1, time_to_wait()) < 0 && errno != EINTR) return;
    if (one.revents != 0 && !read_packets()) return;
    send_due();
    poll_streams();
  }
}

bool RedirServer::write_out() {
  const bool written = out_.empty() || base::io::write_all(stream_, base::wire::as_text(out_));
  out_.clear();
  return written;
}

int RedirServer::time_to_wait() const {
  constexpr int no_limit = -1;
  for (const auto& [address, next] : streams_) {
    // A stream that gives without a pause is asked again at once.
    if (!stream_waits_.contains(address) && device_.in.contains(address)) return 1;
  }
  int shortest = no_limit;
  for (const Late& each : late_) {
    const auto left = std::chrono::ceil<milliseconds>(each.at - steady_clock::now()).count();
    const int bounded = static_cast<int>(std::clamp<long>(left, 0, 60000));
    if (shortest == no_limit || bounded < shortest) shortest = bounded;
  }
  return shortest;
}

void RedirServer::send(Moment moment, std::vector<Outgoing> packets) {
  const unsigned number = moments_[moment]++;
  for (const Lie& lie : lies_) {
    if (lie.at == moment && number >= lie.from && number - lie.from < lie.count) lie.act(packets);
  }
  for (const Outgoing& packet : packets) append(out_, packet);
}

void RedirServer::send_later(Moment moment, Outgoing packet, milliseconds delay) {
  if (delay == milliseconds(0)) return send(moment, {std::move(packet)});
  late_.push_back(
      {.moment = moment, .packet = std::move(packet), .at = steady_clock::now() + delay});
}

void RedirServer::send_due() {
  const Time now = steady_clock::now();
  std::vector<Late> late = std::exchange(late_, {});
  for (Late& each : late) {
    if (each.at > now) {
      late_.push_back(std::move(each));
      continue;
    }
    if (each.moment == Moment::interrupt_data)
      stream_waits_.erase(std::get<redir::DataPacket>(each.packet.body).endpoint);
    send(each.moment, {std::move(each.packet)});
  }
}

bool RedirServer::read_packets() {
  const auto room = decoder_.prepare();
  const ssize_t got = ::read(stream_.get(), room.data(), room.size());
  if (got <= 0) return got < 0 && errno == EINTR;
  decoder_.commit(static_cast<std::size_t>(got));
  while (!left_) {
    const auto packet = decoder_.next();
    if (!packet) return false;
    if (*packet == nullptr) return true;
    handle(**packet);
  }
  return true;
}

std::vector<Outgoing> RedirServer::tables() const {
  Outgoing first;
  first.type = PacketType::interface_info;
  first.body = interfaces_of(walked_, alternates_);
  Outgoing second;
  second.type = PacketType::ep_info;
  second.body = endpoints_of(walked_, alternates_);
  return {first, second};
}

// After the guest's hello, since the width of ids depends on it.
void RedirServer::introduce() {
  introduced_ = true;
  send(Moment::tables, tables());
  Outgoing packet;
  packet.type = PacketType::device_connect;
  packet.body = connect_of(device_.speed, device_.descriptor);
  send(Moment::connect, {packet});
  send(Moment::connected, {});
}

void RedirServer::handle(const redir::Packet& packet) {
  switch (packet.type) {
    case PacketType::hello:
      return introduce();
    case PacketType::control_packet:
      return on_control(packet.id, std::get<redir::ControlPacket>(packet.body), packet.data);
    case PacketType::bulk_packet:
      return on_bulk(packet.id, std::get<redir::BulkPacket>(packet.body), packet.data);
    case PacketType::interrupt_packet:
      return on_interrupt_out(packet.id, std::get<redir::DataPacket>(packet.body), packet.data);
    case PacketType::set_configuration:
    case PacketType::get_configuration:
      return on_configuration(packet);
    case PacketType::set_alt_setting:
    case PacketType::get_alt_setting:
      return on_alternate(packet);
    case PacketType::start_interrupt_receiving:
    case PacketType::stop_interrupt_receiving:
      return on_stream(packet);
    case PacketType::cancel_data_packet: {
      const auto found = std::find_if(pending_.begin(), pending_.end(),
                                      [&](const Pending& each) { return each.id == packet.id; });
      if (found == pending_.end()) return;
      Outgoing reply;
      reply.type = PacketType::bulk_packet;
      reply.id = packet.id;
      redir::BulkPacket body = found->asked;
      body.status = redir::status::cancelled;
      body.length = 0;
      reply.body = body;
      pending_.erase(found);
      return send(Moment::bulk_reply, {reply});
    }
    default:
      return;
  }
}

bool RedirServer::leaves(const Answer& answer) {
  if (answer.kind != Answer::Kind::unplug) return false;
  leave();
  return true;
}

void RedirServer::leave() {
  Outgoing packet;
  packet.type = PacketType::device_disconnect;
  append(out_, packet);
  write_out();
  left_ = true;
}

void RedirServer::on_control(std::uint64_t id, const redir::ControlPacket& asked, Bytes data) {
  const Setup setup{asked.request_type, asked.request, asked.value, asked.index, asked.length};
  Answer answer = device_.control(setup, data);
  if (leaves(answer) || answer.kind == Answer::Kind::silent) return;
  Outgoing reply;
  reply.type = PacketType::control_packet;
  reply.id = id;
  redir::ControlPacket body = asked;
  body.status = status_of(answer);
  if ((asked.endpoint & 0x80U) != 0)
    body.length = static_cast<std::uint16_t>(answer.data.size());
  else
    answer.data.clear();
  reply.body = body;
  reply.data = std::move(answer.data);
  send_later(Moment::control, std::move(reply), answer.delay);
  ask_again();
}

void RedirServer::on_bulk(std::uint64_t id, const redir::BulkPacket& asked, Bytes data) {
  const bool in = (asked.endpoint & 0x80U) != 0;
  Answer answer = in ? device_.transfer_in(asked.endpoint, asked.length)
                     : device_.transfer_out(asked.endpoint, data);
  if (leaves(answer) || answer.kind == Answer::Kind::silent) return;
  if (answer.kind == Answer::Kind::nak) {
    pending_.push_back({.id = id, .asked = asked});
    return;
  }
  Outgoing reply;
  reply.type = PacketType::bulk_packet;
  reply.id = id;
  redir::BulkPacket body = asked;
  body.status = status_of(answer);
  if (in) body.length = static_cast<std::uint32_t>(answer.data.size());
  reply.body = body;
  if (in) reply.data = std::move(answer.data);
  send_later(Moment::bulk_reply, std::move(reply), answer.delay);
  if (!in) ask_again();
}

void RedirServer::ask_again() {
  for (const Pending& each : std::exchange(pending_, {})) on_bulk(each.id, each.asked, {});
}

void RedirServer::on_interrupt_out(std::uint64_t id, const redir::DataPacket& asked, Bytes data) {
  const Answer answer = device_.transfer_out(asked.endpoint, data);
  if (leaves(answer) || answer.kind == Answer::Kind::silent) return;
  Outgoing reply;
  reply.type = PacketType::interrupt_packet;
  reply.id = id;
  redir::DataPacket body = asked;
  body.status = status_of(answer);
  reply.body = body;
  send_later(Moment::interrupt_data, std::move(reply), answer.delay);
}

void RedirServer::on_configuration(const redir::Packet& packet) {
  redir::ConfigurationStatus body;
  body.configuration = walked_.value;
  Answer answer;
  if (const auto* wanted = std::get_if<redir::Configuration>(&packet.body)) {
    body.configuration = wanted->configuration;
    answer = device_.control(Setup{0, 9, wanted->configuration, 0, 0}, {});
  }
  if (leaves(answer) || answer.kind == Answer::Kind::silent) return;
  body.status = status_of(answer);
  Outgoing reply;
  reply.type = PacketType::configuration_status;
  reply.id = packet.id;
  reply.body = body;
  send_later(Moment::control, std::move(reply), answer.delay);
}

void RedirServer::on_alternate(const redir::Packet& packet) {
  redir::AltSettingStatus body;
  std::vector<Outgoing> packets;
  if (const auto* wanted = std::get_if<redir::AltSetting>(&packet.body)) {
    body.interface_number = wanted->interface_number;
    alternates_[wanted->interface_number] = wanted->alt;
    packets = tables();
  } else {
    body.interface_number = std::get<redir::InterfaceOnly>(packet.body).interface_number;
  }
  body.alt = alternates_[body.interface_number];
  Outgoing reply;
  reply.type = PacketType::alt_setting_status;
  reply.id = packet.id;
  reply.body = body;
  packets.push_back(std::move(reply));
  send(Moment::control, std::move(packets));
}

void RedirServer::on_stream(const redir::Packet& packet) {
  const std::uint8_t address = std::get<redir::EndpointOnly>(packet.body).endpoint;
  if (packet.type == PacketType::start_interrupt_receiving) {
    streams_[address] = 0;
  } else {
    streams_.erase(address);
  }
  Outgoing reply;
  reply.type = PacketType::interrupt_receiving_status;
  reply.id = packet.id;
  reply.body = redir::StreamStatus{redir::status::success, address};
  send(Moment::status, {reply});
}

void RedirServer::poll_streams() {
  for (auto& [address, next] : streams_) {
    for (int i = 0; i < packets_per_turn && !stream_waits_.contains(address); ++i) {
      const Answer answer = device_.transfer_in(address, 64);
      if (leaves(answer)) return;
      if (answer.kind != Answer::Kind::ok) break;
      Outgoing packet;
      packet.type = PacketType::interrupt_packet;
      packet.id = next++;
      packet.body = redir::DataPacket{address, redir::status::success,
                                      static_cast<std::uint16_t>(answer.data.size())};
      packet.data = answer.data;
      if (answer.delay > milliseconds(0)) stream_waits_[address] = true;
      send_later(Moment::interrupt_data, std::move(packet), answer.delay);
    }
  }
}

}  // namespace attacks
