// SPDX-License-Identifier: GPL-2.0-or-later
// A backend that was taken over, and lies in usbredir itself.
#include "base/wire/writer.hpp"
#include "tests/attacks/attack.hpp"
#include "tests/attacks/emulator/honest.hpp"

namespace attacks {
namespace {

using redir::PacketType;
using Packets = std::vector<Outgoing>;

Attack lie(const char* id, const char* what, Expected expected, Lie one, const Device& device) {
  return {id,           Class::stream, "usbredir 0.7",  what, [device] { return device; },
          std::nullopt, expected,      {std::move(one)}};
}
Attack lie(const char* id, const char* what, Expected expected, Lie one) {
  return lie(id, what, expected, std::move(one), keyboard());
}

Outgoing packet(PacketType type, redir::Body body, std::uint64_t id = 0, Memory data = {}) {
  Outgoing one;
  one.type = type;
  one.id = id;
  one.body = body;
  one.data = std::move(data);
  return one;
}

Outgoing raw(Memory memory) {
  Outgoing one;
  one.raw = std::move(memory);
  return one;
}

// A header as it is written, with 64-bit ids, and as much behind it as is given.
Outgoing header(std::uint32_t type, std::uint32_t length, const Memory& rest = {}) {
  Memory memory;
  base::wire::Writer(memory).u32(type).u32(length).u64(0).bytes(rest);
  return raw(std::move(memory));
}
Memory hello(std::uint32_t caps) {
  Memory memory;
  redir::append_hello(memory, caps);
  return memory;
}

std::function<void(Packets&)> add(Outgoing one) {
  return [one](Packets& packets) { packets.push_back(one); };
}
std::function<void(Packets&)> before(Outgoing one) {
  return [one](Packets& packets) { packets.insert(packets.begin(), one); };
}
std::function<void(Packets&)> only(Outgoing one) {
  return [one](Packets& packets) { packets = {one}; };
}
std::function<void(Packets&)> drop() {
  return [](Packets& packets) { packets.clear(); };
}
std::function<void(Packets&)> twice() {
  return [](Packets& packets) { packets.push_back(packets.front()); };
}
template <class Body>
std::function<void(Packets&)> edit(std::function<void(Body&)> change) {
  return [change](Packets& packets) {
    for (Outgoing& each : packets) {
      if (auto* body = std::get_if<Body>(&each.body)) change(*body);
    }
  };
}
std::function<void(Packets&)> other_id(std::uint64_t id) {
  return [id](Packets& packets) { packets.front().id = id; };
}

std::vector<Attack> openings() {
  const Memory no_header = bytes({'S', 'L', 'P'});
  Memory too_new = bytes({'S', 'L', 'P', 'U', 99, 0, 0, 0}) + filled(8) + bytes({0, 0});
  Memory long_reason = bytes({'S', 'L', 'P', 'U', 1, 0, 3, 0}) + filled(8) + bytes({0xff, 0xff});
  const Memory no_nul =
      bytes({0, 0, 0, 0, 68, 0, 0, 0, 0, 0, 0, 0}) + filled(64, 'v') + bytes({0xfe, 0, 0, 0});
  return {
      lie("header-magic", "another header than a backend's", refused("backend"),
          {Moment::header, only(raw(filled(18, 'x')))}),
      lie("header-version", "version 99", refused("version"), {Moment::header, only(raw(too_new))}),
      lie("header-reason", "a reason of 65535 bytes", refused("backend"),
          {Moment::header, only(raw(long_reason))}),
      lie("header-cut", "three bytes of a header, then usbredir", refused("backend"),
          {Moment::header, only(raw(no_header))}),
      lie("hello-twice", "a second hello", refused("second hello"), {Moment::hello, twice()}),
      lie("hello-late", "a second hello behind the introduction", refused("second hello"),
          {Moment::connected, add(header(0, 68, filled(68)))}),
      lie("hello-missing", "a device before the hello", refused("packet before the hello"),
          {Moment::hello, only(raw(bytes({1, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0}) + filled(10)))}),
      lie("hello-no-caps", "no capabilities, so other lengths everywhere", refused("too old"),
          {Moment::hello, only(raw(hello(0)))}),
      lie("hello-no-32bit", "bulk headers of 8 bytes where 10 are expected", refused("too old"),
          {Moment::hello, only(raw(hello(redir::cap::frontend & ~redir::cap::bulk_length_32bit)))}),
      lie("hello-all-caps", "every capability there is and is not", harmless(),
          {Moment::hello, only(raw(hello(0xffffffff & ~redir::cap::bulk_streams)))}),
      lie("hello-no-text", "a version without an end", refused("version is not text"),
          {Moment::hello, only(raw(no_nul))}),
      lie("hello-long", "a hello of 1 MiB", refused("packet too long"),
          {Moment::hello, only(raw(bytes({0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0})))}),
  };
}

std::vector<Attack> framing() {
  const auto connected = [](Outgoing one) { return Lie{Moment::connected, add(std::move(one))}; };
  return {
      lie("length-0", "a control packet of length 0", refused("length does not fit"),
          connected(header(100, 0))),
      lie("length-9", "a control packet one byte short", refused("length does not fit"),
          connected(header(100, 9, filled(9)))),
      lie("length-2-31", "a length of 2^31, where libusbredirparser loses step",
          refused("too long"), connected(header(101, 0x80000000U))),
      lie("length-2-32", "a length of 2^32 - 1", refused("too long"),
          connected(header(101, 0xffffffffU))),
      lie("length-128m", "a bulk packet of 128 MiB, which libusbredirparser would allocate",
          refused("too long"), connected(header(101, 128U << 20U))),
      lie("type-28", "a type that does not exist", refused("unknown packet type"),
          connected(header(28, 0))),
      lie("type-99", "a type that does not exist", refused("unknown packet type"),
          connected(header(99, 0))),
      lie("type-105", "a type that does not exist", refused("unknown packet type"),
          connected(header(105, 10, filled(10)))),
      lie("type-2-32", "type 2^32 - 1", refused("unknown packet type"),
          connected(header(0xffffffffU, 0))),
      lie("direction-reset", "a packet that only a target sends", refused("other direction"),
          connected(packet(PacketType::reset, redir::Empty{}))),
      lie("direction-cancel", "a cancel from the device's side", refused("other direction"),
          connected(packet(PacketType::cancel_data_packet, redir::Empty{}, 7))),
      lie("bulk-streams", "a status of streams that nobody agreed on", refused("not agreed"),
          connected(packet(PacketType::bulk_streams_status, redir::BulkStreamsStatus{2, 16, 0}))),
      lie("filter-1m", "a filter of 1 MiB", refused("too long"), connected(header(23, 1U << 20U))),
      lie("filter-no-text", "a filter without an end", refused("filter is not text"),
          connected(header(23, 4, bytes({'a', 'b', 'c', 'd'})))),
      lie("filter-fine", "a filter that lets all through: not ours to follow", harmless(),
          connected(
              header(23, 12, bytes({'-', '1', ',', '-', '1', ',', '-', '1', ',', '1', '|', 0})))),
      [] {
        Attack half = lie("half-packet", "half an answer, then nothing for 10 s",
                          refused("middle of a packet"),
                          {Moment::control, only(header(100, 10, filled(3))), 0, 1});
        half.lies.push_back({Moment::control, drop(), 1});
        return half;
      }(),
  };
}

std::vector<Attack> introductions() {
  using Info = redir::InterfaceInfo;
  using Eps = redir::EpInfo;
  using Connect = redir::DeviceConnect;
  return {
      lie("tables-count-33", "33 interfaces in a table of 32", refused("more interfaces"),
          {Moment::tables, edit<Info>([](Info& info) { info.count = 33; })}),
      lie("tables-count-2-32", "2^32 - 1 interfaces", refused("more interfaces"),
          {Moment::tables, edit<Info>([](Info& info) { info.count = 0xffffffffU; })}),
      lie("tables-count-17", "17 interfaces", refused("17 interfaces"),
          {Moment::tables, edit<Info>([](Info& info) {
             info.count = 17;
             for (std::uint8_t i = 0; i < 17; ++i) info.number[i] = i;
           })}),
      lie("tables-number-twice", "one interface number twice", refused("twice"),
          {Moment::tables, edit<Info>([](Info& info) { info.count = 2; })}),
      lie("tables-type-4", "an endpoint of type 4", refused("unknown type"),
          {Moment::tables, edit<Eps>([](Eps& eps) { eps.type[5] = 4; })}),
      lie("tables-packet-0", "an endpoint with packets of 0 bytes", harmless(),
          {Moment::tables, edit<Eps>([](Eps& eps) { eps.max_packet_size.fill(0); })}),
      lie("tables-more-endpoints", "endpoints that no descriptor has", harmless(),
          {Moment::tables, edit<Eps>([](Eps& eps) {
             eps.type.fill(redir::endpoint_type::bulk);
             eps.max_packet_size.fill(0xffff);
           })}),
      lie("tables-missing", "a device without its tables", refused("without its interface tables"),
          {Moment::tables, drop()}),
      lie("tables-again", "tables that nobody asked for", refused("nobody asked for"),
          {Moment::connected, add(packet(PacketType::interface_info, Info{}))}),
      lie("connect-twice", "a second device on one stream", refused("second device"),
          {Moment::connect, twice()}),
      lie("connect-speed-7", "a speed that does not exist", refused("speed"),
          {Moment::connect, edit<Connect>([](Connect& body) { body.speed = 7; })}),
      lie("connect-speed-255", "unknown speed, without a SuperSpeed endpoint", refused("speed"),
          {Moment::connect, edit<Connect>([](Connect& body) { body.speed = 255; })}),
      lie("connect-speed-lie", "a full-speed device introduced as SuperSpeed", harmless(),
          {Moment::connect, edit<Connect>([](Connect& body) { body.speed = 3; })}),
      lie("connect-class-lie", "introduced with another class than its descriptor", harmless(),
          {Moment::connect, edit<Connect>([](Connect& body) { body.device_class = 9; })}),
      lie("disconnect-first", "gone before it was there", refused("unplugged"),
          {Moment::tables, before(packet(PacketType::device_disconnect, redir::Empty{}))}),
      lie("disconnect-twice", "gone twice, and a new device", refused("unplugged"),
          {Moment::connected,
           [](Packets& packets) {
             packets.push_back(packet(PacketType::device_disconnect, redir::Empty{}));
             packets.push_back(packet(PacketType::device_disconnect, redir::Empty{}));
             packets.push_back(packet(PacketType::device_connect, Connect{}));
           }}),
  };
}

std::vector<Attack> unasked() {
  const auto connected = [](Outgoing one) { return Lie{Moment::connected, add(std::move(one))}; };
  const redir::DataPacket from_83{0x83, 0, 8};
  return {
      lie("unasked-control", "a control reply that answers nothing", refused("answers no request"),
          connected(packet(PacketType::control_packet,
                           redir::ControlPacket{0x80, 6, 0x80, 0, 0x100, 0, 4}, 77, filled(4)))),
      lie("unasked-bulk", "a bulk reply that answers nothing", refused("answers no request"),
          connected(
              packet(PacketType::bulk_packet, redir::BulkPacket{0x81, 0, 4, 0}, 77, filled(4)))),
      lie("unasked-interrupt", "interrupt data nobody asked for", refused("nobody asked for"),
          connected(packet(PacketType::interrupt_packet, from_83, 0, filled(8)))),
      lie("unasked-interrupt-out", "an acknowledgement of nothing", refused("answers no request"),
          connected(packet(PacketType::interrupt_packet, redir::DataPacket{0x02, 0, 8}, 5))),
      lie("unasked-iso", "isochronous data nobody asked for", refused("nobody asked for"),
          connected(packet(PacketType::iso_packet, redir::DataPacket{0x84, 0, 8}, 0, filled(8)))),
      lie("unasked-iso-endpoint", "isochronous data of no possible endpoint",
          refused("no endpoint"),
          connected(packet(PacketType::iso_packet, redir::DataPacket{0xf4, 0, 8}, 0, filled(8)))),
      lie("unasked-iso-headset", "sound of a microphone that nobody listens to",
          refused("nobody asked for"),
          connected(
              packet(PacketType::iso_packet, redir::DataPacket{0x82, 0, 192}, 0, filled(192))),
          headset()),
      lie("iso-data-out", "isochronous data from a loudspeaker", refused("other direction"),
          connected(packet(PacketType::iso_packet, redir::DataPacket{0x01, 0, 0})), headset()),
      lie("iso-length-lie", "an isochronous packet that says more than it brings",
          refused("length does not fit"),
          connected(
              packet(PacketType::iso_packet, redir::DataPacket{0x82, 0, 0xffff}, 0, filled(8))),
          headset()),
      lie("unasked-buffered", "buffered bulk data nobody asked for", refused("unexpected packet"),
          connected(packet(PacketType::buffered_bulk_packet,
                           redir::BufferedBulkPacket{0, 8, 0x81, 0}, 0, filled(8)))),
      lie("unasked-iso-status", "a status of a stream nobody started", refused("nobody asked for"),
          connected(packet(PacketType::iso_stream_status, redir::StreamStatus{0, 0x84}))),
      lie("unasked-configuration", "a configuration nobody set", refused("answers no request"),
          connected(packet(PacketType::configuration_status, redir::ConfigurationStatus{0, 2}, 9))),
      lie("unasked-alternate", "an alternate setting nobody set", refused("answers no request"),
          connected(packet(PacketType::alt_setting_status, redir::AltSettingStatus{0, 0, 2}, 9))),
      lie("unasked-endpoint-93", "interrupt data of no possible endpoint", refused("no endpoint"),
          connected(
              packet(PacketType::interrupt_packet, redir::DataPacket{0x93, 0, 8}, 0, filled(8)))),
      lie("ahead-id", "an id of those that are sent ahead", refused("answers no request"),
          connected(packet(PacketType::bulk_packet, redir::BulkPacket{0x81, 0, 4, 0},
                           (std::uint64_t{1} << 63U) | 1, filled(4)))),
  };
}

std::vector<Attack> replies() {
  using Control = redir::ControlPacket;
  using Bulk = redir::BulkPacket;
  using Data = redir::DataPacket;
  const auto first_bulk = [](std::function<void(Packets&)> act) {
    return Lie{Moment::bulk_reply, std::move(act), 2};
  };
  return {
      lie("control-id", "a reply with another id", refused("answers no request"),
          {Moment::control, other_id(0xdeadbeef)}),
      lie("control-twice", "every reply twice", refused("answers no request"),
          {Moment::control, twice()}),
      lie("control-endpoint", "a reply of another endpoint", refused("another request"),
          {Moment::control, edit<Control>([](Control& body) { body.endpoint = 0x81; })}),
      lie("control-request", "a reply to another request", refused("another request"),
          {Moment::control, edit<Control>([](Control& body) { body.request ^= 1U; })}),
      lie("control-value", "a reply about another descriptor", refused("another request"),
          {Moment::control, edit<Control>([](Control& body) { body.value ^= 0x300U; })}),
      lie("control-status-7", "a status that does not exist", harmless(),
          {Moment::control, edit<Control>([](Control& body) { body.status = 7; })}),
      lie("control-status-255", "a status of 255", harmless(),
          {Moment::control, edit<Control>([](Control& body) { body.status = 255; })}),
      lie("control-cancelled", "cancelled, though nobody cancelled", harmless(),
          {Moment::control, edit<Control>([](Control& body) { body.status = 1; })}),
      lie("control-short-header", "a reply that says more than it brings",
          refused("length does not fit"),
          {Moment::control, edit<Control>([](Control& body) { body.length = 0x1000; })}),
      lie("configuration-other", "another configuration than was set",
          ended("another configuration"),
          {Moment::control, edit<redir::ConfigurationStatus>([](redir::ConfigurationStatus& body) {
             body.configuration ^= 3U;
           }),
           1}),
      lie("bulk-id", "a reply with another id", ended("answers no request"),
          first_bulk(other_id(0xdeadbeef)), disk()),
      lie("bulk-twice", "every reply twice", ended("answers no request"), first_bulk(twice()),
          disk()),
      lie("bulk-endpoint", "a reply of another endpoint", ended("another endpoint"),
          first_bulk(edit<Bulk>([](Bulk& body) { body.endpoint |= 0x04U; })), disk()),
      lie("bulk-stream", "a reply of a stream", ended("another stream"),
          first_bulk(edit<Bulk>([](Bulk& body) { body.stream_id = 1; })), disk()),
      lie("bulk-length", "a reply that says 4 GiB", ended("too long"),
          first_bulk(edit<Bulk>([](Bulk& body) { body.length = 0xffffffffU; })), disk()),
      lie("bulk-status", "a status of 255", harmless(),
          first_bulk(edit<Bulk>([](Bulk& body) { body.status = 255; })), disk()),
      lie("bulk-out-data", "data in the reply to a write", ended("length does not fit"),
          {Moment::bulk_reply, [](Packets& packets) { packets.front().data = filled(31); }},
          disk()),
      lie("interrupt-status", "an interrupt packet with a status of 255", harmless(),
          {Moment::interrupt_data, edit<Data>([](Data& body) { body.status = 255; })},
          typing_keyboard("ab", milliseconds(1))),
      lie("interrupt-endpoint", "data of an endpoint that was not started",
          ended("nobody asked for"),
          {Moment::interrupt_data, edit<Data>([](Data& body) { body.endpoint = 0x84; })},
          typing_keyboard("ab", milliseconds(1))),
      lie("interrupt-refused", "the stream's start is refused each time", harmless(),
          {Moment::status,
           edit<redir::StreamStatus>([](redir::StreamStatus& body) { body.status = 4; })}),
      lie("interrupt-status-endpoint", "a stream status of endpoint 0", ended("no endpoint"),
          {Moment::status,
           edit<redir::StreamStatus>([](redir::StreamStatus& body) { body.endpoint = 0x80; })}),
      lie("garbage", "random bytes behind the introduction", refused("protocol violation"),
          {Moment::connected, add(raw(filled(4096, 0xa7)))}),
  };
}

}  // namespace

std::vector<Attack> stream_attacks() {
  std::vector<Attack> all = openings();
  for (auto part : {framing, introductions, unasked, replies}) {
    const std::vector<Attack> some = part();
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace attacks
