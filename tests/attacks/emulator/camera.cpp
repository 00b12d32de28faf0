// SPDX-License-Identifier: GPL-2.0-or-later
// A camera (Video 1.0): one uncompressed format, pictures that count themselves.
#include <algorithm>
#include <array>
#include <memory>

#include "tests/attacks/emulator/honest.hpp"

namespace attacks {
namespace {

constexpr std::uint8_t video = 0x0e;
constexpr std::uint8_t picture_in = 0x81;
constexpr unsigned width = 64, height = 48;
constexpr unsigned packet_size = 512, header_size = 2;
constexpr unsigned packets_a_picture = 33;  // one each millisecond
constexpr unsigned interval = 333'333;      // of 100 ns

Memory little_endian(std::uint32_t value, std::size_t size) {
  Memory out;
  for (std::size_t i = 0; i < size; ++i) out.push_back(static_cast<std::byte>(value >> (8 * i)));
  return out;
}

// 3.7.2: the camera's terminal and the one towards the host.
Interface control() {
  const Memory units = bytes({17, 0x24, 2, 1, 0x01, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0}) +
                       bytes({9, 0x24, 3, 2, 0x01, 0x01, 0, 1, 0});
  Interface one;
  one.code = video;
  one.subclass = 1;
  one.extra = bytes({13, 0x24, 1, 0x00, 0x01}) +
              little_endian(static_cast<std::uint32_t>(13 + units.size()), 2) +
              little_endian(48'000'000, 4) + bytes({1, 1}) + units;
  return one;
}

// 3.9.2 and Uncompressed Payload 1.0, 3.1: setting 0 without bandwidth, and 1.
std::vector<Interface> streaming() {
  const Memory format =
      bytes({27, 0x24, 4, 1, 1}) + bytes({'Y', 'U', 'Y', '2', 0, 0, 0x10, 0}) +
      bytes({0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71}) + bytes({16, 1, 0, 0, 0, 0}) +
      bytes({30, 0x24, 5, 1, 0}) + little_endian(width, 2) + little_endian(height, 2) +
      little_endian(picture_size * 8 * 30, 4) + little_endian(picture_size * 8 * 30, 4) +
      little_endian(picture_size, 4) + little_endian(interval, 4) + bytes({1}) +
      little_endian(interval, 4) + bytes({6, 0x24, 0x0d, 1, 1, 4});
  Interface idle;
  idle.number = 1;
  idle.code = video;
  idle.subclass = 2;
  idle.extra = bytes({14, 0x24, 1, 1}) +
               little_endian(static_cast<std::uint32_t>(14 + format.size()), 2) +
               bytes({picture_in, 0, 2, 0, 0, 0, 1, 0}) + format;
  Interface filming = idle;
  filming.alternate = 1;
  filming.extra.clear();
  constexpr std::uint8_t asynchronous = 4;
  constexpr std::uint8_t each_millisecond = 4;  // 2^(4-1) microframes
  filming.endpoints = {{picture_in,
                        static_cast<std::uint8_t>(isochronous | asynchronous),
                        packet_size,
                        each_millisecond,
                        {}}};
  return {idle, filming};
}

// 4.3.1.1: what is proposed is always the one thing that there is.
std::optional<Answer> streaming_request(const Setup& setup) {
  constexpr std::uint8_t set_cur = 0x01, get_len = 0x85, get_info = 0x86;
  constexpr std::array<std::uint8_t, 4> values{0x81, 0x82, 0x83, 0x87};  // CUR, MIN, MAX, DEF
  if ((setup.index & 0xffU) != 1) return std::nullopt;
  if (setup.request == set_cur) return Answer{};
  if (setup.request == get_len) return give(bytes({26, 0}));
  if (setup.request == get_info) return give(bytes({3}));
  if (std::find(values.begin(), values.end(), setup.request) == values.end()) return std::nullopt;
  return give(bytes({1, 0, 1, 1}) + little_endian(interval, 4) + filled(10) +
              little_endian(picture_size, 4) + little_endian(packet_size, 4));
}

// Uncompressed Payload 1.0, 2.2: header, then a part of the picture.
Memory packet_of(std::uint32_t number) {
  const std::uint32_t picture = number / packets_a_picture;
  const std::size_t at = std::size_t{number % packets_a_picture} * (packet_size - header_size);
  constexpr unsigned end_of_header = 0x80, end_of_frame = 0x02;
  const std::size_t left = at < picture_size ? picture_size - at : 0;
  const std::size_t size = std::min<std::size_t>(left, packet_size - header_size);
  const bool last = size > 0 && size == left;
  Memory packet = bytes({header_size, end_of_header | (last ? end_of_frame : 0) | (picture & 1U)});
  for (std::size_t i = at; i < at + size; ++i) packet.push_back(picture_byte(picture, i));
  return packet;
}

}  // namespace

std::byte picture_byte(std::uint32_t picture, std::size_t at) {
  if (at < 4) return static_cast<std::byte>(picture >> (8 * at));
  return static_cast<std::byte>(picture * 7 + at);
}

Device camera() {
  Identity identity;
  identity.product = 0x0033;
  identity.code = 0xef;
  identity.subclass = 2;
  identity.protocol = 1;
  std::vector<Interface> interfaces{control()};
  for (const Interface& each : streaming()) interfaces.push_back(each);
  const Memory association = bytes({8, 0x0b, 0, 2, video, 3, 0, 0});
  Device device = device_of(identity, configuration(interfaces, association), Speed::high);
  device.on_control = [](const Setup& setup, Bytes) { return streaming_request(setup); };
  const auto next = std::make_shared<std::uint32_t>(0);
  device.in[picture_in] = [next](std::uint32_t) { return give(packet_of((*next)++)); };
  return device;
}

}  // namespace attacks
