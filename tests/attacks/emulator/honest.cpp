// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/attacks/emulator/honest.hpp"

#include <deque>
#include <memory>

#include "tests/attacks/emulator/walk.hpp"
#include "tests/rig/counted_sound.hpp"

namespace attacks {
namespace {

// bmRequestType and bRequest of HID 1.11, 7.2, and bulk-only transport 1.0, 3.
enum : unsigned {
  hid_set_idle = 0x210a,
  hid_set_protocol = 0x210b,
  hid_set_report = 0x2109,
  hid_get_report = 0xa101
};

std::optional<Answer> hid_request(const Setup& setup) {
  switch (static_cast<unsigned>(setup.request_type) << 8U | setup.request) {
    case hid_set_idle:
    case hid_set_protocol:
    case hid_set_report:
      return Answer{};
    case hid_get_report:
      return give(filled(8));
    default:
      return std::nullopt;
  }
}

Answer not_yet() {
  Answer answer;
  answer.kind = Answer::Kind::nak;
  return answer;
}

// HID usage of a character (HID Usage Tables, 10), with the modifier byte above it.
unsigned usage_of(char c) {
  if (c >= 'a' && c <= 'z') return static_cast<unsigned>(c - 'a') + 0x04;
  if (c >= 'A' && c <= 'Z') return (static_cast<unsigned>(c - 'A') + 0x04) | 0x200U;
  if (c >= '1' && c <= '9') return static_cast<unsigned>(c - '1') + 0x1e;
  if (c == '0') return 0x27;
  if (c == '\n') return 0x28;
  if (c == '\t') return 0x815;  // GUI + r: the way to a run box
  if (c == '-') return 0x2d;
  if (c == '.') return 0x37;
  if (c == '/') return 0x38;
  return 0x2c;  // space
}

}  // namespace

Device device_of(const Identity& identity, const Memory& config, Speed speed) {
  Device device;
  device.speed = speed;
  device.descriptor = device_descriptor(identity);
  device.configurations = {config};
  device.strings = {{std::uint8_t{0}, bytes({4, 3, 9, 4})},
                    {std::uint8_t{1}, string_descriptor("Sallyport")},
                    {std::uint8_t{2}, string_descriptor("emulated device")},
                    {std::uint8_t{3}, string_descriptor("0123456789AB")}};
  for (const auto& interface : walk(config).interfaces) {
    for (const auto& endpoint : interface.endpoints) {
      if ((endpoint.address & 0x80U) != 0) {
        device.in[endpoint.address] = [](std::uint32_t) { return not_yet(); };
      } else {
        device.out[endpoint.address] = [](Bytes) { return Answer{}; };
      }
    }
  }
  return device;
}

// HID 1.11, appendix E.6.
Memory boot_keyboard_report() {
  return bytes({0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, 0x05, 0x07, 0x19, 0xe0, 0x29, 0xe7, 0x15,
                0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02, 0x95, 0x01, 0x75, 0x08,
                0x81, 0x01, 0x95, 0x05, 0x75, 0x01, 0x05, 0x08, 0x19, 0x01, 0x29, 0x05, 0x91,
                0x02, 0x95, 0x01, 0x75, 0x03, 0x91, 0x01, 0x95, 0x06, 0x75, 0x08, 0x15, 0x00,
                0x25, 0x65, 0x05, 0x07, 0x19, 0x00, 0x29, 0x65, 0x81, 0x00, 0xc0});
}

Memory hid_descriptor(std::size_t size) {
  const auto length = static_cast<unsigned>(size);
  return bytes({9, 0x21, 0x11, 0x01, 0, 1, 0x22, length & 0xffU, length >> 8U});
}

Interface keyboard_interface(std::uint8_t number) {
  Interface one;
  one.number = number;
  one.code = 3;
  one.subclass = 1;
  one.protocol = 1;
  one.extra = hid_descriptor(boot_keyboard_report().size());
  one.endpoints = {{static_cast<std::uint8_t>(0x83U + number), interrupt, 8, 10, {}}};
  return one;
}

Device keyboard() {
  Identity identity;
  identity.product = 0x0002;
  Device device = device_of(identity, configuration({keyboard_interface()}));
  device.reports = {{std::uint8_t{0}, boot_keyboard_report()}};
  device.on_control = [](const Setup& setup, Bytes) { return hid_request(setup); };
  return device;
}

Device typing_keyboard(std::string_view text, milliseconds pace) {
  Device device = keyboard();
  const auto reports = std::make_shared<std::deque<Memory>>();
  for (const char c : text) {
    const unsigned usage = usage_of(c);
    reports->push_back(bytes({usage >> 8U, 0, usage & 0xffU, 0, 0, 0, 0, 0}));
    reports->push_back(filled(8));
  }
  device.in[0x83] = [reports, pace](std::uint32_t) {
    if (reports->empty()) return not_yet();
    Answer answer = give(reports->front());
    answer.delay = pace;
    reports->pop_front();
    return answer;
  };
  return device;
}

Device echo() {
  Interface one;
  one.endpoints = {{0x01, bulk, 64, 0, {}},
                   {0x81, bulk, 64, 0, {}},
                   {0x02, interrupt, 64, 1, {}},
                   {0x82, interrupt, 64, 1, {}}};
  Device device = device_of(Identity{}, configuration({one}));
  for (const std::uint8_t number : {std::uint8_t{1}, std::uint8_t{2}}) {
    constexpr std::size_t max_waiting = 64;
    const auto waiting = std::make_shared<std::deque<Memory>>();
    device.out[number] = [waiting](Bytes data) {
      if (waiting->size() < max_waiting) waiting->emplace_back(data.begin(), data.end());
      return Answer{};
    };
    device.in[static_cast<std::uint8_t>(0x80U | number)] = [waiting](std::uint32_t asked) {
      if (waiting->empty()) return not_yet();
      Answer answer = give(waiting->front());
      waiting->pop_front();
      if (answer.data.size() > asked) answer.data.resize(asked);
      return answer;
    };
  }
  return device;
}

namespace {

// Terminals of Audio 1.0, 4.3.2: from the host to a speaker, from a microphone to the host.
Interface audio_control() {
  const Memory units = bytes({12, 0x24, 2, 1, 0x01, 0x01, 0, 2, 3, 0, 0, 0}) +
                       bytes({9, 0x24, 3, 2, 0x01, 0x03, 0, 1, 0}) +
                       bytes({12, 0x24, 2, 3, 0x01, 0x02, 0, 2, 3, 0, 0, 0}) +
                       bytes({9, 0x24, 3, 4, 0x01, 0x01, 0, 3, 0});
  constexpr unsigned header = 10;
  Interface one;
  one.code = 1;
  one.subclass = 1;
  one.extra =
      bytes({header, 0x24, 1, 0, 1, header + static_cast<unsigned>(units.size()), 0, 2, 1, 2}) +
      units;
  return one;
}

// Settings 0, without bandwidth, and 1.
std::vector<Interface> audio_streaming(std::uint8_t number, std::uint8_t terminal,
                                       std::uint8_t address, std::uint8_t synchronisation) {
  Interface silent;
  silent.number = number;
  silent.code = 1;
  silent.subclass = 2;
  Interface sounding = silent;
  sounding.alternate = 1;
  sounding.extra =
      bytes({7, 0x24, 1, terminal, 1, 1, 0}) + bytes({11, 0x24, 2, 1, 2, 2, 16, 1, 0x80, 0xbb, 0});
  sounding.endpoints = {{address, static_cast<std::uint8_t>(isochronous | synchronisation), 192, 1,
                         bytes({7, 0x25, 1, 0, 0, 0, 0})}};
  return {silent, sounding};
}

}  // namespace

Device headset() {
  constexpr std::uint8_t adaptive = 8, asynchronous = 4;  // USB 2.0, table 9-13
  std::vector<Interface> interfaces{audio_control()};
  for (const auto& part :
       {audio_streaming(1, 1, 0x01, adaptive), audio_streaming(2, 4, 0x82, asynchronous)}) {
    interfaces.insert(interfaces.end(), part.begin(), part.end());
  }
  Identity identity;
  identity.product = 0x0032;
  Device device = device_of(identity, configuration(interfaces));
  const auto next = std::make_shared<std::uint32_t>(0);
  device.in[0x82] = [next](std::uint32_t) {
    constexpr std::size_t frames = rig::sound_rate / 1000;
    Memory packet(frames * rig::sound_frame_size);
    for (std::size_t i = 0; i < frames; ++i) {
      rig::write_sound_frame((*next)++, &packet[i * rig::sound_frame_size]);
    }
    return give(std::move(packet));
  };
  return device;
}

}  // namespace attacks
