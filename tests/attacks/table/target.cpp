// SPDX-License-Identifier: GPL-2.0-or-later
// The other way round: a hostile target towards the backend in sys-usb.
#include "base/wire/writer.hpp"
#include "tests/attacks/attack.hpp"
#include "tests/attacks/emulator/honest.hpp"

namespace attacks {
namespace {

using redir::PacketType;

constexpr std::uint32_t agreed = redir::cap::frontend;

Memory request(PacketType type, const redir::Body& body, std::uint64_t id = 1,
               const Memory& data = {}) {
  Memory out;
  redir::append_packet(out, agreed, type, id, body, data);
  return out;
}

Memory times(unsigned count, const std::function<Memory(std::uint64_t)>& make) {
  Memory all;
  for (unsigned i = 1; i <= count; ++i) all = std::move(all) + make(i);
  return all;
}

Attack row(const char* id, const char* what, Expected expected, Memory requests) {
  Attack one{id, Class::target, "usbredir 0.7", what, [] { return echo(); }, expected};
  one.requests = std::move(requests);
  return one;
}

// Towards a headset whose loudspeaker, 0x01, is in use.
Attack sound(const char* id, const char* what, Expected expected, Memory requests) {
  Attack one =
      row(id, what, expected,
          request(PacketType::set_alt_setting, redir::AltSetting{1, 1}) + std::move(requests));
  one.device = [] { return headset(); };
  return one;
}

Memory header(std::uint32_t type, std::uint32_t length) {
  Memory memory;
  base::wire::Writer(memory).u32(type).u32(length).u64(1);
  return memory;
}

}  // namespace

std::vector<Attack> target_attacks() {
  using redir::BulkPacket;
  using redir::ControlPacket;
  const auto read_4m = [](std::uint64_t id) {
    return request(PacketType::bulk_packet, BulkPacket{0x81, 0, 4U << 20U, 0}, id);
  };
  const auto read_64 = [](std::uint64_t id) {
    return request(PacketType::bulk_packet, BulkPacket{0x81, 0, 64, 0}, id);
  };
  const auto cancel = [](std::uint64_t id) {
    return request(PacketType::cancel_data_packet, redir::Empty{}, id);
  };
  const Memory start = request(PacketType::start_iso_stream, redir::StartIsoStream{0x01, 10, 8});
  const auto play = [](std::uint64_t id) {
    return request(PacketType::iso_packet, redir::DataPacket{0x01, 0, 192}, id, filled(192));
  };
  const auto reset = [](std::uint64_t) { return request(PacketType::reset, redir::Empty{}, 0); };
  return {
      row("target-bulk-streams", "streams, which crash the library", rejected("not agreed"),
          request(PacketType::alloc_bulk_streams, redir::AllocBulkStreams{2, 16})),
      row("target-many-reads", "10,000 reads that nothing answers", rejected("open requests"),
          times(10000, read_64)),
      row("target-large-reads", "10,000 reads of 4 MiB", harmless(), times(10000, read_4m)),
      row("target-one-id", "two requests with one id", rejected("id"), read_4m(5) + read_4m(5)),
      row("target-cancels", "10,000 cancels of nothing", attached(), times(10000, cancel)),
      row("target-resets", "50 resets", attached(), times(50, reset)),
      row("target-length-2-31", "a packet of 2^31 bytes", rejected("too long"),
          header(101, 0x80000000U)),
      row("target-type-99", "a type that does not exist", rejected("unknown packet type"),
          header(99, 0)),
      row("target-connect", "introduces a device to the backend", rejected("other direction"),
          request(PacketType::device_connect, redir::DeviceConnect{})),
      row("target-control-endpoint", "a control transfer to endpoint 5", rejected("control"),
          request(PacketType::control_packet, ControlPacket{0x85, 6, 0x80, 0, 0x100, 0, 18})),
      row("target-control-direction", "a control write without its data", rejected("control"),
          request(PacketType::control_packet, ControlPacket{0x80, 9, 0x00, 0, 1, 0, 512})),
      row("target-alternate-255", "alternate setting 255 of interface 255", attached(),
          request(PacketType::set_alt_setting, redir::AltSetting{255, 255})),
      row("target-configuration-255", "configuration 255", attached(),
          request(PacketType::set_configuration, redir::Configuration{255})),
      row("target-iso-on-bulk", "an isochronous stream of a bulk endpoint", attached(),
          request(PacketType::start_iso_stream, redir::StartIsoStream{0x81, 8, 4})),
      row("target-iso-255", "an isochronous stream of 255 transfers", rejected("iso"),
          request(PacketType::start_iso_stream, redir::StartIsoStream{0x81, 255, 255})),
      row("target-iso-endpoint-0", "an isochronous stream of endpoint 0", rejected("no endpoint"),
          request(PacketType::start_iso_stream, redir::StartIsoStream{0x80, 8, 4})),
      sound("target-iso-unstarted", "sound for a stream that was not started",
            rejected("not started"), play(1)),
      sound("target-iso-stop-first", "the end of a stream that was not started",
            rejected("not started"),
            request(PacketType::stop_iso_stream, redir::EndpointOnly{0x01})),
      sound("target-iso-flood", "20,000 packets of sound at once", attached(),
            start + times(20000, play)),
      sound("target-iso-too-long", "a packet longer than the loudspeaker's", attached(),
            start +
                request(PacketType::iso_packet, redir::DataPacket{0x01, 0, 1024}, 1, filled(1024))),
      sound("target-iso-restarts", "a stream that is started 1,000 times", attached(),
            times(1000, [&start](std::uint64_t) { return start; })),
      sound("target-iso-one-transfer", "OUT with one transfer, where the library loses count",
            rejected("out of bounds"),
            request(PacketType::start_iso_stream, redir::StartIsoStream{0x01, 1, 1})),
      row("target-interrupt-out", "polls an OUT endpoint", rejected("OUT"),
          request(PacketType::start_interrupt_receiving, redir::EndpointOnly{0x02})),
      row("target-buffered-2g", "buffered transfers of 2 GiB", rejected("bulk"),
          request(PacketType::start_bulk_receiving,
                  redir::StartBulkReceiving{0, 0x80000000U, 0x81, 255})),
      row("target-test-mode", "the port's test mode", attached(),
          request(PacketType::control_packet, ControlPacket{0x00, 3, 0x00, 0, 2, 0x0400, 0})),
      row("target-no-endpoint", "reads from an endpoint that is not there", attached(),
          request(PacketType::bulk_packet, BulkPacket{0x8f, 0, 512, 0})),
  };
}

}  // namespace attacks
