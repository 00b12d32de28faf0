// SPDX-License-Identifier: GPL-2.0-or-later
// What an attachment has no right to: a hostile target towards a stick that it may only read, and
// towards the half of a device that it was not given.
#include <algorithm>
#include <array>

#include "tests/attacks/attack.hpp"
#include "tests/attacks/emulator/honest.hpp"

namespace attacks {
namespace {

using namespace std::chrono_literals;
using redir::PacketType;

constexpr std::uint32_t agreed = redir::cap::frontend;
constexpr std::uint8_t stick_out = 0x01, stick_in = 0x81, key_in = 0x84;
constexpr std::uint8_t write_10 = 0x2a, read_10 = 0x28;

Memory request(PacketType type, const redir::Body& body, std::uint64_t id,
               const Memory& data = {}) {
  Memory out;
  redir::append_packet(out, agreed, type, id, body, data);
  return out;
}

Memory out(std::uint64_t id, const Memory& data) {
  const auto length = static_cast<std::uint32_t>(data.size());
  return request(PacketType::bulk_packet, redir::BulkPacket{stick_out, 0, length, 0}, id, data);
}
Memory in(std::uint64_t id, std::uint32_t length) {
  return request(PacketType::bulk_packet, redir::BulkPacket{stick_in, 0, length, 0}, id);
}
Memory control(std::uint8_t type, std::uint8_t number, unsigned value, unsigned index,
               const Memory& data = {}) {
  redir::ControlPacket body;
  body.endpoint = type & 0x80U;
  body.request = number;
  body.request_type = type;
  body.value = static_cast<std::uint16_t>(value);
  body.index = static_cast<std::uint16_t>(index);
  body.length = static_cast<std::uint16_t>(data.size());
  return request(PacketType::control_packet, body, 1000U + number, data);
}

// A command wrapper (bulk-only transport 1.0, 5.1).
Memory wrapper(unsigned opcode, unsigned length = 0, unsigned lun = 0, unsigned flags = 0) {
  return bytes({'U', 'S', 'B', 'C', 1, 2, 3, 4, length & 0xffU, length >> 8U, 0, 0, flags, lun, 16,
                opcode}) +
         filled(15);
}

// A stick that leaves the bus as soon as something reaches it that does not read, so that the row
// fails: on its OUT endpoint anything but whole wrappers of commands that read, and any request of
// a class or a vendor but GET MAX LUN and the transport's reset.
Device tripwire(Device device) {
  static constexpr std::array<unsigned, 22> reads{0x00, 0x03, 0x08, 0x12, 0x1a, 0x1b, 0x1e, 0x23,
                                                  0x25, 0x28, 0x43, 0x46, 0x4a, 0x51, 0x52, 0x5a,
                                                  0x88, 0x9e, 0xa0, 0xa8, 0x35, 0x91};
  Answer gone;
  gone.kind = Answer::Kind::unplug;
  device.out[stick_out] = [gone, honest = device.out[stick_out]](Bytes data) {
    const bool whole = data.size() == 31;
    const unsigned opcode = whole ? std::to_integer<unsigned>(data[15]) : 0;
    if (!whole || std::find(reads.begin(), reads.end(), opcode) == reads.end()) return gone;
    return honest(data);
  };
  device.on_control = [gone](const Setup& setup, Bytes) -> std::optional<Answer> {
    if (setup.request_type == 0xa1 && setup.request == 0xfe) return give(bytes({0}));
    if (setup.request_type == 0x21 && setup.request == 0xff) return Answer{};
    return gone;
  };
  return device;
}

Attack to_stick(const char* id, const char* what, Expected expected, const Memory& requests) {
  Attack one{id,
             Class::target,
             "bulk-only transport 1.0, SCSI",
             what,
             [] { return tripwire(disk()); },
             expected};
  one.requests = requests;
  one.options = "read-only=yes";
  return one;
}

// A stick with a keyboard that types.
Device ducky_stick() {
  Identity identity;
  identity.product = 0x0004;
  Interface keys = keyboard_interface(1);
  Device typist = typing_keyboard("echo owned > /tmp/owned\n", 20ms);
  Device device = disk();
  const Device both = device_of(identity, configuration({disk_interface(0), keys}), Speed::high);
  device.descriptor = both.descriptor;
  device.configurations = both.configurations;
  device.reports = {{std::uint8_t{1}, boot_keyboard_report()}};
  device.in[key_in] = typist.in[0x83];
  return device;
}

Attack half(const char* id, const char* what, const char* options, std::optional<Expected> plugged,
            std::optional<Expected> streamed) {
  Attack one{id,      Class::input, "BadUSB, Rubber Ducky", what, [] { return ducky_stick(); },
             plugged, streamed};
  one.options = options;
  one.never_binds = "usbhid";
  one.run_for = 1500ms;
  return one;
}

Attack to_half(const char* id, const char* what, Expected expected, const Memory& requests) {
  Attack one{id, Class::target, "usbredir 0.7", what, [] { return ducky_stick(); }, expected};
  one.requests = requests;
  one.options = "interfaces=0";
  return one;
}

Memory every_opcode() {
  Memory all;
  for (unsigned opcode = 0; opcode < 256; ++opcode) {
    all = std::move(all) + out(2 * opcode, wrapper(opcode)) + in(2 * opcode + 1, 13);
  }
  return all;
}

Memory every_unit() {
  Memory all;
  for (unsigned lun = 0; lun < 256; ++lun)
    all = std::move(all) + out(lun, wrapper(write_10, 0, lun));
  return all;
}

}  // namespace

std::vector<Attack> rights_attacks() {
  const Memory write = wrapper(write_10, 512);
  const Memory read = wrapper(read_10, 512, 0, 0x80);
  const Memory first(write.begin(), write.begin() + 15), second(write.begin() + 15, write.end());
  return {
      to_stick("read-only-write", "writes a sector", attached(),
               out(1, write) + out(2, filled(512)) + in(3, 13)),
      to_stick("read-only-split", "a wrapper in two transfers", attached(),
               out(1, first) + out(2, second) + out(3, filled(512))),
      to_stick("read-only-joined", "two wrappers in one transfer", attached(),
               out(1, read + write) + out(2, filled(512))),
      to_stick("read-only-padded", "a wrapper in a transfer of 512 bytes", attached(),
               out(1, write + filled(481)) + out(2, read + filled(481))),
      to_stick("read-only-as-data", "a wrapper as the data of a refused write", attached(),
               out(1, wrapper(write_10, 62)) + out(2, write) + out(3, write) + out(4, write)),
      to_stick("read-only-direction", "a read whose data goes out", attached(),
               out(1, wrapper(read_10, 512)) + out(2, write) + out(3, write)),
      to_stick("read-only-early", "a write before the status of a read", attached(),
               out(1, read) + out(2, write) + in(3, 512) + in(4, 13)),
      to_stick("read-only-opcodes", "all 256 commands", attached(), every_opcode()),
      to_stick("read-only-units", "writes to all 256 logical units", attached(), every_unit()),
      to_stick("read-only-control",
               "a command, a vendor's request and settings by the control pipe", attached(),
               control(0x21, 0x00, 0, 0, wrapper(write_10)) +
                   control(0x40, 0x55, 1, 2, filled(16)) + control(0x21, 0x01, 0, 0, filled(64)) +
                   control(0x01, 0x0b, 1, 0) + control(0x00, 0x09, 0, 0) +
                   control(0x00, 0x07, 0x0100, 0, filled(18))),
      to_stick("read-only-interrupt", "a write as an interrupt transfer",
               rejected("read-only storage does not have"),
               request(PacketType::interrupt_packet,
                       redir::DataPacket{stick_out, 0, static_cast<std::uint16_t>(write.size())}, 1,
                       write)),
      to_stick("read-only-receiving", "buffered transfers of the stick",
               rejected("read-only storage does not have"),
               request(PacketType::start_bulk_receiving,
                       redir::StartBulkReceiving{0, 512, stick_in, 2}, 1)),
      to_half("half-keys", "polls the keyboard that it was not given", rejected("not given"),
              request(PacketType::start_interrupt_receiving, redir::EndpointOnly{key_in}, 1)),
      to_half("half-report", "asks the keyboard for its keys by the control pipe, and its settings",
              attached(),
              control(0xa1, 0x01, 0x0100, 1) + control(0x21, 0x0a, 0, 1) +
                  request(PacketType::set_alt_setting, redir::AltSetting{1, 0}, 2)),
      half("ducky-half", "a stick whose keyboard was not given", "interfaces=0", attached(),
           attached()),
      half("ducky-storage", "the same, by what it is", "interfaces=USB_Storage", attached(),
           attached()),
      half("ducky-read-only", "the same stick, to be read", "read-only=yes", attached(),
           std::nullopt),
  };
}

}  // namespace attacks
