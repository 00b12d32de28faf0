// SPDX-License-Identifier: GPL-2.0-or-later
// A device as far as its descriptors go, and what usbredir says of it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/wire/writer.hpp"
#include "usbproxy/redir_packet.hpp"
#include "usbproxy/usb_values.hpp"

namespace usbproxy::test {

using Bytes = std::vector<std::byte>;

// "12 01" -> two bytes
inline Bytes from_hex(std::string_view hex) {
  Bytes out;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; i + 1 < hex.size();) {
    if (hex[i] == ' ') {
      ++i;
      continue;
    }
    out.push_back(static_cast<std::byte>(digit(hex[i]) * 16 + digit(hex[i + 1])));
    i += 2;
  }
  return out;
}

inline Bytes string_of(std::string_view ascii) {
  Bytes out;
  base::wire::Writer writer(out);
  writer.u8(static_cast<std::uint8_t>(2 + 2 * ascii.size())).u8(3);
  for (const char c : ascii) writer.u16(static_cast<std::uint16_t>(c));
  return out;
}

struct DescribedDevice {
  Bytes device;
  std::vector<Bytes> configurations;
  std::optional<Bytes> bos = {};
  std::map<std::uint8_t, Bytes> strings = {};
  std::map<std::uint8_t, Bytes> reports = {};  // HID, by interface

  // What it answers to GET_DESCRIPTOR; nothing: a stall.
  std::optional<Bytes> descriptor(const Setup& setup) const {
    const Bytes* found = find(setup);
    if (found == nullptr) return std::nullopt;
    Bytes cut = *found;
    if (cut.size() > setup.length) cut.resize(setup.length);
    return cut;
  }
  // The same as usbredir has it: the answer's header, and its data.
  std::pair<redir::ControlPacket, Bytes> answer(redir::ControlPacket body) const {
    const auto bytes = descriptor(Setup{.request_type = body.request_type,
                                        .request = body.request,
                                        .value = body.value,
                                        .index = body.index,
                                        .length = body.length});
    body.status = bytes ? redir::status::success : redir::status::stall;
    body.length = static_cast<std::uint16_t>(bytes ? bytes->size() : 0);
    return {body, bytes.value_or(Bytes{})};
  }

 private:
  const Bytes* find(const Setup& setup) const {
    const auto type = static_cast<std::uint8_t>(setup.value >> 8U);
    const auto index = static_cast<std::uint8_t>(setup.value & 0xffU);
    const auto among = [](const auto& all, std::uint8_t number) -> const Bytes* {
      const auto found = all.find(number);
      return found == all.end() ? nullptr : &found->second;
    };
    if (setup.request_type == 0x81) {
      return type == 0x22 ? among(reports, static_cast<std::uint8_t>(setup.index)) : nullptr;
    }
    if (type == 1) return &device;
    if (type == 2 && index < configurations.size()) return &configurations[index];
    if (type == 3) return among(strings, index);
    return type == 15 && bos ? &*bos : nullptr;
  }
};

// QEMU's usb-kbd.
inline const Bytes keyboard_report = from_hex(
    "05 01 09 06 a1 01 75 01 95 08 05 07 19 e0 29 e7 15 00 25 01 81 02 95 01 75 08 81 01 95 05 75 "
    "01 05 08 19 01 29 05 91 02 95 01 75 03 91 01 95 06 75 08 15 00 25 ff 05 07 19 00 29 ff 81 00 "
    "c0");

// A high-speed stick (interface 0: 0x81 IN, 0x02 OUT, bulk 512) with a keyboard that has too many
// endpoints (interface 1: 0x83 IN, 0x04 OUT, interrupt 8, and an isochronous 0x85). The keyboard's
// alternate setting 1 lacks the last one.
inline DescribedDevice stick_and_keyboard() {
  return {.device = from_hex("12 01 00 02 00 00 00 40 51 09 66 16 00 01 01 02 03 01"),
          .configurations = {from_hex(
              "09 02 67 00 02 01 00 80 32 "
              "09 04 00 00 02 08 06 50 00 07 05 81 02 00 02 00 07 05 02 02 00 02 00 "
              "09 04 01 00 03 03 01 01 00 09 21 11 01 00 01 22 3f 00 "
              "07 05 83 03 08 00 04 07 05 04 03 08 00 04 07 05 85 01 00 02 01 "
              "09 04 01 01 02 03 01 01 00 09 21 11 01 00 01 22 3f 00 "
              "07 05 83 03 08 00 04 07 05 04 03 08 00 04")},
          .strings = {{0, from_hex("04 03 09 04")},
                      {1, string_of("Kingston")},
                      {2, string_of("DataTraveler")},
                      {3, string_of("60A44C")}},
          .reports = {{1, keyboard_report}}};
}

inline redir::InterfaceInfo interfaces_of_stick_and_keyboard() {
  redir::InterfaceInfo info;
  info.count = 2;
  info.number = {0, 1};
  info.interface_class = {0x08, 0x03};
  info.interface_subclass = {0x06, 0x01};
  info.interface_protocol = {0x50, 0x01};
  return info;
}

inline redir::EpInfo endpoints_of_stick_and_keyboard() {
  redir::EpInfo info;
  info.type.fill(redir::endpoint_type::invalid);
  info.type[0] = info.type[16] = redir::endpoint_type::control;
  const auto set = [&info](std::uint8_t address, std::uint8_t type, std::uint16_t size,
                           std::uint8_t interval) {
    const std::size_t slot = redir::slot_of(address);
    info.type[slot] = type;
    info.max_packet_size[slot] = size;
    info.interval[slot] = interval;
    info.interface_number[slot] = type == redir::endpoint_type::bulk ? 0 : 1;
  };
  set(0x81, redir::endpoint_type::bulk, 512, 0);
  set(0x02, redir::endpoint_type::bulk, 512, 0);
  set(0x83, redir::endpoint_type::interrupt, 8, 4);
  set(0x04, redir::endpoint_type::interrupt, 8, 4);
  set(0x85, redir::endpoint_type::isochronous, 512, 1);
  return info;
}

inline redir::DeviceConnect connect_of_stick_and_keyboard() {
  redir::DeviceConnect connect;
  connect.speed = 2;
  connect.vendor_id = 0x0951;
  connect.product_id = 0x1666;
  connect.version_bcd = 0x0100;
  return connect;
}

// What a backend says of a device before its descriptors.
struct TablesOfDevice {
  redir::InterfaceInfo interfaces;
  redir::EpInfo endpoints;
  redir::DeviceConnect device;
};

inline TablesOfDevice tables_of_stick_and_keyboard() {
  return {.interfaces = interfaces_of_stick_and_keyboard(),
          .endpoints = endpoints_of_stick_and_keyboard(),
          .device = connect_of_stick_and_keyboard()};
}

// A SuperSpeed device whose bulk endpoints, 0x81 IN and 0x02 OUT, have 16 streams each.
inline DescribedDevice device_with_streams() {
  return {.device = from_hex("12 01 00 03 00 00 00 09 f4 46 03 00 00 01 01 02 03 01"),
          .configurations = {from_hex("09 02 2c 00 01 01 00 80 32 09 04 00 00 02 ff 00 00 00 "
                                      "07 05 81 02 00 04 00 06 30 00 04 00 00 "
                                      "07 05 02 02 00 04 00 06 30 00 04 00 00")},
          .bos = from_hex("05 0f 16 00 02 07 10 02 02 00 00 00 0a 10 03 00 0e 00 01 0a ff 07"),
          .strings = {{0, from_hex("04 03 09 04")},
                      {1, string_of("QEMU")},
                      {2, string_of("streams")},
                      {3, string_of("1")}}};
}

inline TablesOfDevice tables_of_device_with_streams() {
  TablesOfDevice tables;
  tables.interfaces.count = 1;
  tables.interfaces.interface_class = {0xff};
  redir::EpInfo& endpoints = tables.endpoints;
  endpoints.type.fill(redir::endpoint_type::invalid);
  endpoints.type[0] = endpoints.type[16] = redir::endpoint_type::control;
  for (const std::size_t slot : {redir::slot_of(0x81), redir::slot_of(0x02)}) {
    endpoints.type.at(slot) = redir::endpoint_type::bulk;
    endpoints.max_packet_size.at(slot) = 1024;
    endpoints.max_streams.at(slot) = 16;
  }
  tables.device.speed = 3;
  tables.device.vendor_id = 0x46f4;
  tables.device.product_id = 0x0003;
  tables.device.version_bcd = 0x0100;
  return tables;
}

}  // namespace usbproxy::test
