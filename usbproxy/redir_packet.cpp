// SPDX-License-Identifier: GPL-2.0-or-later
// Writing usbredir packets, and their names.
#include "usbproxy/redir_packet.hpp"

#include <algorithm>
#include <span>
#include <string_view>

#include "base/wire/writer.hpp"

namespace usbproxy::redir {
namespace {

using base::wire::Writer;

// One write() per body, in the order of the specification's structs.
class BodyWriter {
 public:
  BodyWriter(std::vector<std::byte>& out, std::uint32_t caps) : out_(out), caps_(caps) {}

  void operator()(const Empty& /*body*/) {}
  void operator()(const Hello& body) {
    out_.bytes(std::as_bytes(std::span(body.version))).u32(body.caps);
  }
  void operator()(const DeviceConnect& body) {
    out_.u8(body.speed).u8(body.device_class).u8(body.device_subclass).u8(body.device_protocol);
    out_.u16(body.vendor_id).u16(body.product_id);
    if ((caps_ & cap::connect_device_version) != 0) out_.u16(body.version_bcd);
  }
  void operator()(const InterfaceInfo& body) {
    out_.u32(body.count);
    bytes(body.number);
    bytes(body.interface_class);
    bytes(body.interface_subclass);
    bytes(body.interface_protocol);
  }
  void operator()(const EpInfo& body) {
    bytes(body.type);
    bytes(body.interval);
    bytes(body.interface_number);
    if ((caps_ & cap::ep_info_max_packet_size) != 0) {
      for (const std::uint16_t size : body.max_packet_size) out_.u16(size);
    }
    if ((caps_ & cap::bulk_streams) != 0) {
      for (const std::uint32_t streams : body.max_streams) out_.u32(streams);
    }
  }
  void operator()(const Configuration& body) { out_.u8(body.configuration); }
  void operator()(const ConfigurationStatus& body) { out_.u8(body.status).u8(body.configuration); }
  void operator()(const AltSetting& body) { out_.u8(body.interface_number).u8(body.alt); }
  void operator()(const InterfaceOnly& body) { out_.u8(body.interface_number); }
  void operator()(const AltSettingStatus& body) {
    out_.u8(body.status).u8(body.interface_number).u8(body.alt);
  }
  void operator()(const StartIsoStream& body) {
    out_.u8(body.endpoint).u8(body.packets_per_urb).u8(body.urbs);
  }
  void operator()(const EndpointOnly& body) { out_.u8(body.endpoint); }
  void operator()(const StreamStatus& body) { out_.u8(body.status).u8(body.endpoint); }
  void operator()(const AllocBulkStreams& body) { out_.u32(body.endpoints).u32(body.streams); }
  void operator()(const FreeBulkStreams& body) { out_.u32(body.endpoints); }
  void operator()(const BulkStreamsStatus& body) {
    out_.u32(body.endpoints).u32(body.streams).u8(body.status);
  }
  void operator()(const StartBulkReceiving& body) {
    out_.u32(body.stream_id).u32(body.bytes_per_transfer).u8(body.endpoint).u8(body.transfers);
  }
  void operator()(const StopBulkReceiving& body) { out_.u32(body.stream_id).u8(body.endpoint); }
  void operator()(const BulkReceivingStatus& body) {
    out_.u32(body.stream_id).u8(body.endpoint).u8(body.status);
  }
  void operator()(const ControlPacket& body) {
    out_.u8(body.endpoint).u8(body.request).u8(body.request_type).u8(body.status);
    out_.u16(body.value).u16(body.index).u16(body.length);
  }
  void operator()(const BulkPacket& body) {
    out_.u8(body.endpoint).u8(body.status).u16(static_cast<std::uint16_t>(body.length & 0xffffU));
    out_.u32(body.stream_id);
    if ((caps_ & cap::bulk_length_32bit) != 0) {
      out_.u16(static_cast<std::uint16_t>(body.length >> 16U));
    }
  }
  void operator()(const DataPacket& body) {
    out_.u8(body.endpoint).u8(body.status).u16(body.length);
  }
  void operator()(const BufferedBulkPacket& body) {
    out_.u32(body.stream_id).u32(body.length).u8(body.endpoint).u8(body.status);
  }

 private:
  void bytes(const std::array<std::uint8_t, 32>& values) {
    out_.bytes(std::as_bytes(std::span(values)));
  }

  Writer out_;
  std::uint32_t caps_;
};

void put_u32(std::vector<std::byte>& out, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) out[at + i] = static_cast<std::byte>(value >> (8 * i));
}

}  // namespace

std::uint32_t negotiate(std::uint32_t ours, std::uint32_t theirs) {
  const auto usable = [](std::uint32_t caps) {
    return (caps & cap::ep_info_max_packet_size) != 0 ? caps : caps & ~cap::bulk_streams;
  };
  return usable(ours) & usable(theirs);
}

void append_head(std::vector<std::byte>& out, std::uint32_t caps, PacketType type, std::uint64_t id,
                 const Body& body, std::size_t data_size) {
  const std::size_t start = out.size();
  Writer header(out);
  header.u32(static_cast<std::uint32_t>(type)).u32(0);
  if (type != PacketType::hello && (caps & cap::ids_64bit) != 0) {
    header.u64(id);
  } else {
    header.u32(static_cast<std::uint32_t>(id));
  }
  const std::size_t body_start = out.size();
  std::visit(BodyWriter(out, caps), body);
  put_u32(out, start + 4, static_cast<std::uint32_t>(out.size() - body_start + data_size));
}

void append_packet(std::vector<std::byte>& out, std::uint32_t caps, PacketType type,
                   std::uint64_t id, const Body& body, base::wire::Bytes data) {
  append_head(out, caps, type, id, body, data.size());
  out.insert(out.end(), data.begin(), data.end());
}

void append_hello(std::vector<std::byte>& out, std::uint32_t caps) {
  constexpr std::string_view version = "sallyport";
  Hello hello;
  std::copy(version.begin(), version.end(), hello.version.begin());
  hello.caps = caps;
  append_packet(out, 0, PacketType::hello, 0, hello);
}

const char* name_of(PacketType type) {  // NOLINT(readability-function-size): a table
  switch (type) {
    case PacketType::hello:
      return "hello";
    case PacketType::device_connect:
      return "device_connect";
    case PacketType::device_disconnect:
      return "device_disconnect";
    case PacketType::reset:
      return "reset";
    case PacketType::interface_info:
      return "interface_info";
    case PacketType::ep_info:
      return "ep_info";
    case PacketType::set_configuration:
      return "set_configuration";
    case PacketType::get_configuration:
      return "get_configuration";
    case PacketType::configuration_status:
      return "configuration_status";
    case PacketType::set_alt_setting:
      return "set_alt_setting";
    case PacketType::get_alt_setting:
      return "get_alt_setting";
    case PacketType::alt_setting_status:
      return "alt_setting_status";
    case PacketType::start_iso_stream:
      return "start_iso_stream";
    case PacketType::stop_iso_stream:
      return "stop_iso_stream";
    case PacketType::iso_stream_status:
      return "iso_stream_status";
    case PacketType::start_interrupt_receiving:
      return "start_interrupt_receiving";
    case PacketType::stop_interrupt_receiving:
      return "stop_interrupt_receiving";
    case PacketType::interrupt_receiving_status:
      return "interrupt_receiving_status";
    case PacketType::alloc_bulk_streams:
      return "alloc_bulk_streams";
    case PacketType::free_bulk_streams:
      return "free_bulk_streams";
    case PacketType::bulk_streams_status:
      return "bulk_streams_status";
    case PacketType::cancel_data_packet:
      return "cancel_data_packet";
    case PacketType::filter_reject:
      return "filter_reject";
    case PacketType::filter_filter:
      return "filter_filter";
    case PacketType::device_disconnect_ack:
      return "device_disconnect_ack";
    case PacketType::start_bulk_receiving:
      return "start_bulk_receiving";
    case PacketType::stop_bulk_receiving:
      return "stop_bulk_receiving";
    case PacketType::bulk_receiving_status:
      return "bulk_receiving_status";
    case PacketType::control_packet:
      return "control_packet";
    case PacketType::bulk_packet:
      return "bulk_packet";
    case PacketType::iso_packet:
      return "iso_packet";
    case PacketType::interrupt_packet:
      return "interrupt_packet";
    case PacketType::buffered_bulk_packet:
      return "buffered_bulk_packet";
  }
  return "unknown";
}

ControlPacket control_packet(const Setup& setup, std::uint8_t status, std::uint32_t length) {
  return {.endpoint = static_cast<std::uint8_t>(setup.request_type & 0x80U),
          .request = setup.request,
          .request_type = setup.request_type,
          .status = status,
          .value = setup.value,
          .index = setup.index,
          .length = static_cast<std::uint16_t>(length)};
}

}  // namespace usbproxy::redir
