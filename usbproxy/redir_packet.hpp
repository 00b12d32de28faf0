// SPDX-License-Identifier: GPL-2.0-or-later
// The packets of usbredir 0.7: their fields, their sizes on the wire and how they are written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "base/wire/reader.hpp"
#include "usbproxy/usb_values.hpp"

namespace usbproxy::redir {

enum class PacketType : std::uint32_t {
  hello = 0,
  device_connect = 1,
  device_disconnect = 2,
  reset = 3,
  interface_info = 4,
  ep_info = 5,
  set_configuration = 6,
  get_configuration = 7,
  configuration_status = 8,
  set_alt_setting = 9,
  get_alt_setting = 10,
  alt_setting_status = 11,
  start_iso_stream = 12,
  stop_iso_stream = 13,
  iso_stream_status = 14,
  start_interrupt_receiving = 15,
  stop_interrupt_receiving = 16,
  interrupt_receiving_status = 17,
  alloc_bulk_streams = 18,
  free_bulk_streams = 19,
  bulk_streams_status = 20,
  cancel_data_packet = 21,
  filter_reject = 22,
  filter_filter = 23,
  device_disconnect_ack = 24,
  start_bulk_receiving = 25,
  stop_bulk_receiving = 26,
  bulk_receiving_status = 27,
  control_packet = 100,
  bulk_packet = 101,
  iso_packet = 102,
  interrupt_packet = 103,
  buffered_bulk_packet = 104,
};
const char* name_of(PacketType type);

// Capability bits of the hello.
namespace cap {
inline constexpr std::uint32_t bulk_streams = 1U << 0;
inline constexpr std::uint32_t connect_device_version = 1U << 1;
inline constexpr std::uint32_t filter = 1U << 2;
inline constexpr std::uint32_t device_disconnect_ack = 1U << 3;
inline constexpr std::uint32_t ep_info_max_packet_size = 1U << 4;
inline constexpr std::uint32_t ids_64bit = 1U << 5;
inline constexpr std::uint32_t bulk_length_32bit = 1U << 6;
inline constexpr std::uint32_t bulk_receiving = 1U << 7;
// Both ends of ours announce all of them; for a vhci, which has no bulk streams, the others.
inline constexpr std::uint32_t all = 0xff;
inline constexpr std::uint32_t frontend = all & ~bulk_streams;
}  // namespace cap

// What both sides announced; bulk_streams counts only together with ep_info_max_packet_size.
std::uint32_t negotiate(std::uint32_t ours, std::uint32_t theirs);

// A peer may send other values: they mean an error.
namespace status {
inline constexpr std::uint8_t success = 0;
inline constexpr std::uint8_t cancelled = 1;
inline constexpr std::uint8_t inval = 2;
inline constexpr std::uint8_t ioerror = 3;
inline constexpr std::uint8_t stall = 4;
inline constexpr std::uint8_t timeout = 5;
inline constexpr std::uint8_t babble = 6;
}  // namespace status

inline constexpr std::size_t max_interfaces = 32;
inline constexpr std::size_t endpoint_slots = 32;
// Of one endpoint: as many as uas has commands. Each costs the backend's kernel a ring.
inline constexpr std::uint32_t max_bulk_streams = 256;
// Where an endpoint address is in EpInfo: 0..15 OUT, 16..31 IN. Always a valid index.
constexpr std::size_t slot_of(std::uint8_t address) {
  return static_cast<std::size_t>(((address & 0x80U) >> 3U) | (address & 0x0fU));
}
// The address of a slot.
constexpr std::uint8_t address_of(std::size_t slot) {
  return static_cast<std::uint8_t>((slot & 0x0fU) | ((slot & 0x10U) << 3U));
}

namespace endpoint_type {
inline constexpr std::uint8_t control = 0;
inline constexpr std::uint8_t isochronous = 1;
inline constexpr std::uint8_t bulk = 2;
inline constexpr std::uint8_t interrupt = 3;
inline constexpr std::uint8_t invalid = 255;
}  // namespace endpoint_type

// Bodies: the header behind the common header. Packets of the same shape share one.
struct Empty {};
struct Hello {
  std::array<char, 64> version{};  // NUL somewhere (checked by the decoder)
  std::uint32_t caps = 0;
};
struct DeviceConnect {
  std::uint8_t speed = 0, device_class = 0, device_subclass = 0, device_protocol = 0;
  std::uint16_t vendor_id = 0, product_id = 0;
  std::uint16_t version_bcd = 0;  // zero without cap::connect_device_version
};
struct InterfaceInfo {
  std::uint32_t count = 0;  // at most max_interfaces (checked by the decoder)
  std::array<std::uint8_t, max_interfaces> number{}, interface_class{}, interface_subclass{},
      interface_protocol{};
};
struct EpInfo {
  std::array<std::uint8_t, endpoint_slots> type{}, interval{}, interface_number{};
  std::array<std::uint16_t, endpoint_slots> max_packet_size{};  // zero without the capability
  std::array<std::uint32_t, endpoint_slots> max_streams{};      // zero without the capability
};
struct Configuration {  // set_configuration
  std::uint8_t configuration = 0;
};
struct ConfigurationStatus {
  std::uint8_t status = 0, configuration = 0;
};
struct AltSetting {  // set_alt_setting
  std::uint8_t interface_number = 0, alt = 0;
};
struct InterfaceOnly {  // get_alt_setting
  std::uint8_t interface_number = 0;
};
struct AltSettingStatus {
  std::uint8_t status = 0, interface_number = 0, alt = 0;
};
struct StartIsoStream {
  std::uint8_t endpoint = 0, packets_per_urb = 0, urbs = 0;
};
struct EndpointOnly {  // stop_iso_stream, start and stop_interrupt_receiving
  std::uint8_t endpoint = 0;
};
struct StreamStatus {  // iso_stream_status, interrupt_receiving_status
  std::uint8_t status = 0, endpoint = 0;
};
struct AllocBulkStreams {
  std::uint32_t endpoints = 0, streams = 0;  // endpoints: a bit for each, by slot_of()
};
struct FreeBulkStreams {
  std::uint32_t endpoints = 0;
};
struct BulkStreamsStatus {
  std::uint32_t endpoints = 0, streams = 0;
  std::uint8_t status = 0;
};
struct StartBulkReceiving {
  std::uint32_t stream_id = 0, bytes_per_transfer = 0;
  std::uint8_t endpoint = 0, transfers = 0;
};
struct StopBulkReceiving {
  std::uint32_t stream_id = 0;
  std::uint8_t endpoint = 0;
};
struct BulkReceivingStatus {
  std::uint32_t stream_id = 0;
  std::uint8_t endpoint = 0, status = 0;
};
struct ControlPacket {
  std::uint8_t endpoint = 0, request = 0, request_type = 0, status = 0;
  std::uint16_t value = 0, index = 0, length = 0;
};
// A request, or with `status` and `length` its answer.
ControlPacket control_packet(const Setup& setup, std::uint8_t status, std::uint32_t length);
struct BulkPacket {
  std::uint8_t endpoint = 0, status = 0;
  std::uint32_t length = 0;  // 16 bits on the wire without cap::bulk_length_32bit
  std::uint32_t stream_id = 0;
};
struct DataPacket {  // iso_packet, interrupt_packet
  std::uint8_t endpoint = 0, status = 0;
  std::uint16_t length = 0;
};
struct BufferedBulkPacket {
  std::uint32_t stream_id = 0, length = 0;
  std::uint8_t endpoint = 0, status = 0;
};

using Body =
    std::variant<Empty, Hello, DeviceConnect, InterfaceInfo, EpInfo, Configuration,
                 ConfigurationStatus, AltSetting, InterfaceOnly, AltSettingStatus, StartIsoStream,
                 EndpointOnly, StreamStatus, AllocBulkStreams, FreeBulkStreams, BulkStreamsStatus,
                 StartBulkReceiving, StopBulkReceiving, BulkReceivingStatus, ControlPacket,
                 BulkPacket, DataPacket, BufferedBulkPacket>;

// Wire: u32 type, u32 length, u32 id (u64 once both sides have cap::ids_64bit), then the body, then
// data; length counts both. Little endian, no padding.
inline constexpr std::size_t header_size_32 = 12;
inline constexpr std::size_t header_size_64 = 16;

// Appends header and body; exactly `data_size` bytes of data must follow them. The caller pairs
// `type` with its body. `caps` are the negotiated ones; a hello always has a 32-bit id.
void append_head(std::vector<std::byte>& out, std::uint32_t caps, PacketType type, std::uint64_t id,
                 const Body& body, std::size_t data_size = 0);
// Head and data in one.
void append_packet(std::vector<std::byte>& out, std::uint32_t caps, PacketType type,
                   std::uint64_t id, const Body& body, base::wire::Bytes data = {});
// The first packet of a stream, announcing `caps`.
void append_hello(std::vector<std::byte>& out, std::uint32_t caps);

}  // namespace usbproxy::redir
