// SPDX-License-Identifier: GPL-2.0-or-later
// A guest's QEMU and a backend, both hostile, and time, around the link and its session. Checks
// what QEMU relies on (tests/usbproxy/guest_qemu.hpp), and that it is left with nothing open.
//
// Input: records of one byte kind (bits 0 to 2), one byte length, then that many bytes: 0 the
// backend's bytes, 1 QEMU's bytes, 2 time, 3 a packet of the backend's, 4 a request of QEMU's, 5
// and more an answer to the oldest or newest request that the backend has. With bit 7 of the first
// byte, the device is one with streams.
#include <cstdlib>
#include <iostream>

#include "tests/usbproxy/guest_qemu.hpp"
#include "usbproxy/guest/link.hpp"

namespace {

using namespace usbproxy;
using base::wire::Bytes;
using redir::PacketType;

constexpr std::uint32_t backend_caps = redir::cap::all;
constexpr std::uint32_t with_streams = 1U << redir::slot_of(0x81) | 1U << redir::slot_of(0x02);
constexpr std::uint64_t own_questions = std::uint64_t{1} << 61U;

class Play {
 public:
  explicit Play(bool streams) : streams_(streams) {
    redir::append_hello(to_session_, backend_caps);
    backend(PacketType::interface_info, 0, tables_.interfaces);
    backend(PacketType::ep_info, 0, tables_.endpoints);
    backend(PacketType::device_connect, 0, tables_.device);
    turn();
    if (!session_.ready()) std::abort();
    qemu_.hello();
    turn();
    if (!qemu_.attached()) std::abort();
  }

  bool over() const { return session_.end().has_value(); }

  void record(unsigned kind, Bytes data) {
    switch (kind) {
      case 0:
        to_session_.insert(to_session_.end(), data.begin(), data.end());
        break;
      case 1:
        qemu_.raw(data);
        raw_ = true;
        break;
      case 2:
        now_ += std::chrono::milliseconds(50 * static_cast<int>(data.size()));
        if (session_.next_deadline() <= now_) session_.tick(now_);
        break;
      case 3:
        backend_packet(data);
        break;
      case 4:
        qemu_request(data);
        break;
      default:
        reply(kind, data);
        break;
    }
    turn();
  }

  void end() {
    session_.stream_closed(now_);
    turn();
    if (!qemu_.parted()) std::abort();
  }

 private:
  void backend(PacketType type, std::uint64_t id, const redir::Body& body,
               const test::Bytes& data = {}) {
    redir::append_packet(to_session_, backend_caps, type, id, body, data);
  }

  // Until nothing moves.
  void turn() {
    do {
      const test::Bytes bytes = std::exchange(to_session_, {});
      if (!over()) session_.from_stream(bytes, now_);
      const test::Bytes sent = qemu_.take_sent();
      for (Bytes rest = sent; !rest.empty() && !over();) {
        const auto room = link_.prepare();
        const std::size_t count = std::min(room.size(), rest.size());
        std::copy_n(rest.begin(), count, room.begin());
        rest = rest.subspan(count);
        link_.arrived(count, now_);
      }
      link_.turn(now_);
      static_cast<void>(qemu_.received(link_.out().waiting()));
      link_.out().clear();
      take_questions();
    } while (!to_session_.empty() && !over());
    // What QEMU's raw bytes asked for, the model does not know.
    if (!raw_ && !qemu_.complaints().empty()) {
      std::cerr << qemu_.complaints();
      std::abort();
    }
  }

  // The session's own questions are answered with the truth; the rest is kept.
  void take_questions() {
    for (Bytes rest = session_.to_stream().waiting(); !rest.empty();) {
      const auto chunk = rest.first(std::min(rest.size(), std::size_t{65536}));
      rest = rest.subspan(chunk.size());
      if (!sent_.push(chunk)) std::abort();
      for (;;) {
        const auto packet = sent_.next();
        if (!packet) std::abort();  // the session broke the protocol
        if (*packet == nullptr) break;
        question(**packet);
      }
    }
    session_.to_stream().clear();
  }

  void question(const redir::Packet& packet) {
    const bool own = (packet.id & own_questions) != 0;
    if (own && packet.type == PacketType::get_configuration) {
      return backend(PacketType::configuration_status, packet.id, redir::ConfigurationStatus{0, 1});
    }
    if (own && packet.type == PacketType::control_packet) {
      const auto [body, data] = described_.answer(std::get<redir::ControlPacket>(packet.body));
      return backend(PacketType::control_packet, packet.id, body, data);
    }
    if (open_.size() < 4096) open_.push_back({packet.type, packet.id, packet.body});
  }

  void reply(unsigned kind, Bytes input) {
    if (open_.empty()) return;
    base::wire::Reader in(input);
    const std::uint8_t status = in.u8();
    const std::uint8_t less = in.u8();
    const Open one = kind == 5 ? open_.front() : open_.back();
    if (kind == 5) {
      open_.pop_front();
    } else {
      open_.pop_back();
    }
    answer(one, status, less);
  }

  struct Open {
    PacketType type{};
    std::uint64_t id = 0;
    redir::Body body;
  };
  void answer(const Open& one, std::uint8_t status, std::uint8_t less) {
    if (const auto* bulk = std::get_if<redir::BulkPacket>(&one.body)) {
      redir::BulkPacket body = *bulk;
      body.status = status;
      body.length -= std::min<std::uint32_t>(body.length, less);
      const bool in = (body.endpoint & 0x80U) != 0;
      return backend(one.type, one.id, body, test::Bytes(in ? body.length : 0));
    }
    if (const auto* control = std::get_if<redir::ControlPacket>(&one.body)) {
      redir::ControlPacket body = *control;
      body.status = status;
      const bool in = (body.endpoint & 0x80U) != 0;
      return backend(one.type, one.id, body, test::Bytes(in ? body.length : 0));
    }
    if (const auto* set = std::get_if<redir::Configuration>(&one.body)) {
      return backend(PacketType::configuration_status, one.id,
                     redir::ConfigurationStatus{status, set->configuration});
    }
    if (const auto* wanted = std::get_if<redir::AllocBulkStreams>(&one.body)) {
      return backend(PacketType::bulk_streams_status, one.id,
                     redir::BulkStreamsStatus{wanted->endpoints, wanted->streams, status});
    }
    if (const auto* wanted = std::get_if<redir::FreeBulkStreams>(&one.body)) {
      return backend(PacketType::bulk_streams_status, one.id,
                     redir::BulkStreamsStatus{wanted->endpoints, less / 2U, status});
    }
    if (const auto* set = std::get_if<redir::AltSetting>(&one.body)) {
      redir::EpInfo endpoints = tables_.endpoints;
      if (!streams_ && set->interface_number == 1 && set->alt == 1) {
        const std::size_t slot = redir::slot_of(0x85);
        endpoints.type[slot] = redir::endpoint_type::invalid;
        endpoints.max_packet_size[slot] = endpoints.interval[slot] = 0;
        endpoints.interface_number[slot] = 0;
      }
      backend(PacketType::interface_info, 0, tables_.interfaces);
      backend(PacketType::ep_info, 0, endpoints);
      return backend(PacketType::alt_setting_status, one.id,
                     redir::AltSettingStatus{status, set->interface_number, set->alt});
    }
    if (const auto* data = std::get_if<redir::DataPacket>(&one.body)) {
      return backend(one.type, one.id, redir::DataPacket{data->endpoint, status, data->length});
    }
    if (const auto* stream = std::get_if<redir::EndpointOnly>(&one.body)) {
      backend(PacketType::interrupt_receiving_status, one.id,
              redir::StreamStatus{status, stream->endpoint});
    }
  }

  void backend_packet(Bytes input) {
    base::wire::Reader in(input);
    const unsigned kind = in.u8();
    const std::uint8_t status = in.u8();
    const std::uint8_t length = in.u8();
    if (kind % 2 == 0) {
      return backend(PacketType::interrupt_packet, in.u8(), redir::DataPacket{0x83, status, length},
                     test::Bytes(length));
    }
    backend(PacketType::interrupt_receiving_status, in.u8(), redir::StreamStatus{status, 0x83});
  }

  // Well-formed, as a taken-over guest can have them sent by an honest QEMU: an id is never open
  // twice, and interrupts are stopped before a setting is changed.
  void qemu_request(Bytes input) {
    base::wire::Reader in(input);
    const unsigned kind = in.u8();
    const std::uint64_t id = in.u8();
    const std::uint8_t value = in.u8();
    const std::uint16_t length = in.u16();
    if (kind % 12 == 11) {
      if (qemu_.waits_for(id)) qemu_.cancel(id);
      return;
    }
    if (qemu_.waits_for(id)) return;
    if (streams_ && request_on_streams(kind % 12, id, value, length)) return;
    switch (kind % 12) {
      case 0:
        return qemu_.bulk(id, 0x81, length);
      case 1:
        return qemu_.bulk(id, 0x02, length);
      case 2:
        return qemu_.bulk(id, value & 0x8fU ? value & 0x8fU : 0x81U, length);
      case 3:
        return qemu_.set_configuration(id, value);
      case 4:
        return qemu_.set_alt(id, value & 1U, value >> 4U);
      case 5:
        if (!qemu_.starts(0x83)) qemu_.start_interrupts(0x83);
        return;
      case 6:
        if (qemu_.starts(0x83)) qemu_.stop_interrupts(0x83);
        return;
      case 7:
        return qemu_.send(PacketType::reset, 0, redir::Empty{});
      case 8: {
        const Setup setup{in.u8(), value, in.u16(), in.u16(),
                          static_cast<std::uint16_t>(length % 4097)};
        const bool out = (setup.request_type & 0x80U) == 0;
        return qemu_.control(id, setup, test::Bytes(out ? setup.length : 0));
      }
      case 9:
        return qemu_.interrupt_out(id + 1000, 0x04, test::Bytes(length % 16));
      default:
        return qemu_.send(PacketType::start_iso_stream, 0, redir::StartIsoStream{0x85, value, 4});
    }
  }

  // Of the device with streams, instead of others that it does not have.
  bool request_on_streams(unsigned kind, std::uint64_t id, std::uint8_t value,
                          std::uint16_t length) {
    switch (kind) {
      case 0:
        qemu_.bulk(id, 0x81, length, value % 20);
        return true;
      case 1:
        qemu_.bulk(id, 0x02, length, value % 20);
        return true;
      case 5:
        if (value == 0) return true;
        qemu_.alloc_streams(value > 0xf0 ? value : with_streams, value % 20 + 1U);
        return true;
      case 6:
        qemu_.free_streams(value > 0xf0 ? value : with_streams);
        return true;
      case 9:  // it has no interrupt endpoint, and QEMU knows
        return true;
      default:
        return false;
    }
  }

  const bool streams_;
  Time now_{std::chrono::hours(1)};
  Session session_{std::nullopt, now_, {}, backend_caps};
  guest::Link link_{session_};
  test::Qemu qemu_;
  bool raw_ = false;
  test::Bytes to_session_;
  std::deque<Open> open_;
  redir::Decoder sent_{redir::Sender::guest, 0xff};
  test::DescribedDevice described_ =
      streams_ ? test::device_with_streams() : test::stick_and_keyboard();
  test::TablesOfDevice tables_ =
      streams_ ? test::tables_of_device_with_streams() : test::tables_of_stick_and_keyboard();
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes input = std::as_bytes(std::span(data, size));
  Play play(!input.empty() && (std::to_integer<unsigned>(input[0]) & 0x80U) != 0);
  while (input.size() >= 2 && !play.over()) {
    const unsigned kind = std::to_integer<unsigned>(input[0]) & 7U;
    const std::size_t length = std::min(std::to_integer<std::size_t>(input[1]), input.size() - 2);
    play.record(kind, input.subspan(2, length));
    input = input.subspan(2 + length);
  }
  play.end();
  return 0;
}
